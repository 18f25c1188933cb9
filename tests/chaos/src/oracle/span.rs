//! One member's view of a room against the room's log.

use std::collections::HashSet;

use super::log::{Entry, Log, Step};
use crate::findings::Promise;
use crate::sight::{End, Seen, Span};

/// Who saw.
pub struct Viewer<'a> {
    /// The user.
    pub user: &'a str,
    /// The connections that the user had.
    pub sids: &'a HashSet<String>,
}

/// What an entry has for a viewer.
struct Due {
    seen: Seen,
    /// Else it may have come or not: what happened beside an exit, or by the viewer's own hand, is
    /// told to who comes back and not to who stayed.
    is_certain: bool,
}

/// A member's span, as one that ended so: how many events were compared, or the first thing that differs.
pub fn compare(
    log: &Log,
    span: &Span,
    end: End,
    viewer: &Viewer<'_>,
) -> Result<u64, (Promise, String)> {
    let mut seen = span.seen.iter().peekable();
    let mut compared = 0;
    'entries: for entry in log.entries.iter().filter(|entry| entry.id > span.base) {
        if end == End::Anew && entry.id > span.last {
            break;
        }
        let (due, leaves) = due(entry, viewer);
        for due in due {
            compared += 1;
            match seen.peek() {
                Some(next) if **next == due.seen => {
                    seen.next();
                }
                _ if !due.is_certain => {}
                // After the exit that it was told of nothing comes.
                None if end == End::Out && leaves => break 'entries,
                next => {
                    let (name, id) = (&due.seen.name, due.seen.id);
                    let instead = next
                        .map_or("nothing".to_owned(), |next| format!("{} {}", next.name, next.id));
                    let text = format!("{name} {id} is in the log, {instead} came");
                    return Err((Promise::Gap, text));
                }
            }
        }
        if leaves && end == End::Out && seen.peek().is_none() {
            break;
        }
    }
    match seen.next() {
        None => Ok(compared),
        Some(stray) => {
            let text = format!("{} {} came and is not in the log", stray.name, stray.id);
            Err((Promise::Stray, text))
        }
    }
}

/// What an entry has for a viewer, and whether it takes the viewer out, who is told so.
fn due(entry: &Entry, viewer: &Viewer<'_>) -> (Vec<Due>, bool) {
    let (mut found, mut is_out, mut is_told) = (Vec::new(), false, false);
    for step in &entry.steps {
        match step {
            Step::Exit(user) => is_out |= user == "*" || user == viewer.user,
            Step::Frame { to, name, id } => {
                let is_personal = to.strip_prefix("user:") == Some(viewer.user);
                is_told |= is_personal && name == "room-left" || name == "room-closed";
                let own = to == "others" && viewer.sids.contains(&entry.origin);
                let is_for = matches!(to.as_str(), "all" | "others" | "moderators") || is_personal;
                if let Some(id) = id.filter(|_| is_for) {
                    let is_certain = !is_out && !own && to != "moderators";
                    found.push(Due { seen: Seen { id, name: name.clone() }, is_certain });
                }
            }
        }
    }
    (found, is_out && is_told)
}

#[cfg(test)]
mod tests {
    use super::*;
    use lua::id::EventId;

    fn id(ms: u64) -> EventId {
        EventId { ms, seq: 0 }
    }

    fn said(ms: u64) -> Entry {
        let name = "message-received".to_owned();
        let steps = vec![Step::Frame { to: "all".to_owned(), name, id: Some(id(ms)) }];
        Entry { id: id(ms), origin: String::new(), steps }
    }

    fn span(ids: &[u64], end: End) -> Span {
        let seen = ids.iter().map(|ms| Seen { id: id(*ms), name: "message-received".to_owned() });
        let last = ids.last().map_or(id(1), |ms| id(*ms));
        Span { base: id(1), seen: seen.collect(), last, end }
    }

    fn promise(log: &Log, span: &Span) -> Option<Promise> {
        let viewer = Viewer { user: "ann", sids: &HashSet::new() };
        compare(log, span, span.end, &viewer).err().map(|(promise, _)| promise)
    }

    #[test]
    fn a_member_that_saw_the_log_agrees_and_others_do_not() {
        let log = Log { entries: [1, 2, 3, 4].map(said).into(), ..Log::default() };
        assert_eq!(promise(&log, &span(&[2, 3, 4], End::Open)), None);
        assert_eq!(promise(&log, &span(&[2, 4], End::Open)), Some(Promise::Gap));
        assert_eq!(promise(&log, &span(&[2, 3], End::Open)), Some(Promise::Gap));
        assert_eq!(promise(&log, &span(&[2, 3], End::Anew)), None);
        assert_eq!(promise(&log, &span(&[2, 3, 4, 5], End::Open)), Some(Promise::Stray));
    }

    #[test]
    fn nothing_is_expected_beyond_an_exit_that_was_told() {
        let mut left = said(4);
        left.steps = vec![
            Step::Frame { to: "user:ann".to_owned(), name: "room-left".to_owned(), id: None },
            Step::Exit("ann".to_owned()),
            Step::Frame {
                to: "all".to_owned(),
                name: "user-left-room".to_owned(),
                id: Some(id(4)),
            },
        ];
        let log = Log { entries: vec![said(2), said(3), left, said(5)], ..Log::default() };
        assert_eq!(promise(&log, &span(&[2, 3], End::Out)), None);
        assert_eq!(promise(&log, &span(&[2], End::Out)), Some(Promise::Gap));
    }
}
