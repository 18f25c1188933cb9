//! `realtime bench chat`: clients in rooms, each message delivered to all members, each delivery
//! checked.

mod check;
mod figures;
mod load;
mod message;
mod options;
mod report;
mod run;
mod session;
mod thread;

pub use options::Options;
pub use run::run;
