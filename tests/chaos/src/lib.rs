//! Chaos: a swarm of clients uses the running system while a seed breaks it, and an oracle checks that
//! every promise is kept: nothing acknowledged is lost, nothing is there twice, every member sees one
//! order, and the service is whole again soon after whatever was done to it.

mod actor;
mod dice;
mod fault;
mod findings;
mod model;
mod oracle;
mod plan;
mod probe;
mod report;
mod run;
mod scale;
mod sight;
mod world;

pub use plan::{Plan, Scenario, Topology};
pub use report::Report;
pub use run::run;
