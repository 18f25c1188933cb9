//! The README's list of events is the event table's.

use std::collections::BTreeSet;

use lua::event::{Source, TABLE};

use crate::root;

#[test]
fn the_readme_lists_every_event_that_clients_may_send_and_no_other() {
    let readme = std::fs::read_to_string(root().join("README.md")).expect("a README");
    let rows = readme.lines().skip_while(|line| !line.starts_with("| a client sends"));
    let listed: BTreeSet<&str> = rows
        .skip(2)
        .take_while(|line| line.starts_with('|'))
        .filter_map(|line| line.split('|').nth(1))
        .flat_map(|cell| cell.split('`').skip(1).step_by(2))
        .filter_map(|code| code.split(' ').next())
        .collect();
    let clients = TABLE.iter().filter(|row| row.source == Source::Client);
    assert_eq!(listed, clients.map(|row| row.name).collect::<BTreeSet<_>>());
}
