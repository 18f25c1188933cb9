//! `realtime bench join`: a storm of joins in one room, and what its members are told while it lasts.

mod figures;
mod options;
mod report;
mod run;

pub use options::Options;
pub use run::run;
