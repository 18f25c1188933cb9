//! `realtime bench rooms`: what many rooms with messages cost in Redis's memory, and whether reads cost
//! Redis more in large rooms than in small ones.

mod costs;
mod figures;
mod fill;
mod memory;
mod options;
mod report;
mod run;

pub use options::Options;
pub use run::run;
