//! Senders of events.

use super::EDGE;

/// Who sends an event, from which connection.
#[derive(Clone)]
pub struct Who {
    pub user: String,
    pub name: String,
    pub roles: String,
    pub connection: String,
    pub edge: String,
}

/// A plain user with a name and one connection.
pub fn who(user: &str) -> Who {
    Who {
        user: user.to_owned(),
        name: user.to_uppercase(),
        roles: String::new(),
        connection: format!("{user}-1"),
        edge: EDGE.to_owned(),
    }
}

impl Who {
    pub fn with(mut self, roles: &str) -> Self {
        self.roles = roles.to_owned();
        self
    }

    pub fn on(mut self, connection: &str) -> Self {
        self.connection = connection.to_owned();
        self
    }

    pub fn at(mut self, edge: &str) -> Self {
        self.edge = edge.to_owned();
        self
    }

    pub fn named(mut self, name: &str) -> Self {
        self.name = name.to_owned();
        self
    }
}
