//! What a member is told of the others: how often, how, and whether the count is right in the end.

use serde::{Deserialize, Serialize};

use super::pace::Pace;

/// Most users that one `room-presence` may list in each of its lists.
const LISTED_MAX: usize = 50;

/// What one frame tells of the others.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Told {
    /// `room-presence`: how many are there, and the length of the longer of its lists.
    Crowd { count: u64, listed: usize },
    /// `user-joined-room` or `user-left-room`.
    One { count: u64 },
}

/// Reads frames. A room's members get the same bytes, so that each is parsed once.
#[derive(Default)]
pub struct Ear {
    last: Vec<u8>,
    told: Option<Told>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Frame<'a> {
    member_count: u64,
    #[serde(default, borrow)]
    joined: Vec<&'a serde_json::value::RawValue>,
    #[serde(default, borrow)]
    left: Vec<&'a serde_json::value::RawValue>,
}

impl Ear {
    /// What a Socket.IO packet tells of the others, if it does.
    pub fn hear(&mut self, packet: &[u8]) -> Option<Told> {
        if packet != self.last {
            self.last = packet.to_vec();
            self.told = read(packet);
        }
        self.told
    }
}

fn read(packet: &[u8]) -> Option<Told> {
    let (name, frame): (&str, Frame<'_>) =
        serde_json::from_slice(packet.strip_prefix(b"42")?).ok()?;
    let count = frame.member_count;
    match name {
        "room-presence" => {
            Some(Told::Crowd { count, listed: frame.joined.len().max(frame.left.len()) })
        }
        "user-joined-room" | "user-left-room" => Some(Told::One { count }),
        _ => None,
    }
}

/// How many are there, as the answer to `join-room` says. It is long: not all of it is parsed.
pub fn count_in_answer(answer: &[u8]) -> Option<u64> {
    const NAME: &[u8] = br#""memberCount":"#;
    let at = answer.windows(NAME.len()).rposition(|window| window == NAME)?;
    crate::bench::client::leading_number(&answer[at + NAME.len()..]).map(|(count, _)| count)
}

/// What one member was told.
#[derive(Debug, Default)]
pub struct Presence {
    /// The newest count.
    pub count: Option<u64>,
    frames: u64,
    pace: Pace,
    singly: u64,
    long: u64,
}

impl Presence {
    /// Takes in a frame. In a room of more than `batch_above` members none may tell of one user alone.
    pub fn take(&mut self, told: Told, at_us: u64, batch_above: u64) {
        match told {
            Told::Crowd { count, listed } => {
                self.count = Some(count);
                self.frames += 1;
                self.pace.frame(at_us);
                self.long += u64::from(listed > LISTED_MAX);
            }
            Told::One { count } => {
                self.count = Some(count);
                self.singly += u64::from(count > batch_above);
            }
        }
    }
}

/// What all members were told.
#[derive(Debug, Default, Clone, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Summary {
    /// Most `room-presence` frames that one member got.
    pub frames_max: u64,
    /// Most of them within one second, at any member.
    pub in_a_second_max: u64,
    /// The shortest time between two at any member, ms.
    pub gap_ms_min: Option<f64>,
    /// Frames beyond one a second.
    pub beyond: u64,
    /// Events that told of one user alone in a large room.
    pub singly: u64,
    /// `room-presence` frames with too long a list.
    pub long: u64,
}

impl Summary {
    /// Adds one member.
    pub fn member(&mut self, member: &Presence) {
        self.add(&Self {
            frames_max: member.frames,
            in_a_second_max: member.pace.most,
            gap_ms_min: member.pace.gap_us_min.map(|micros| micros as f64 / 1_000.0),
            beyond: member.pace.beyond,
            singly: member.singly,
            long: member.long,
        });
    }

    /// Adds what others were told.
    pub fn add(&mut self, other: &Self) {
        self.frames_max = self.frames_max.max(other.frames_max);
        self.in_a_second_max = self.in_a_second_max.max(other.in_a_second_max);
        self.gap_ms_min = match (self.gap_ms_min, other.gap_ms_min) {
            (Some(own), Some(others)) => Some(own.min(others)),
            (own, others) => own.or(others),
        };
        self.beyond += other.beyond;
        self.singly += other.singly;
        self.long += other.long;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn crowd(count: u64, joined: usize) -> String {
        let joined = vec![r#"{"id":"a","name":"A"}"#; joined].join(",");
        format!(
            r#"42["room-presence",{{"roomId":"r","memberCount":{count},"joined":[{joined}],"left":[]}}]"#
        )
    }

    #[test]
    fn frames_are_read_whatever_else_they_hold() {
        let mut ear = Ear::default();
        let mut hear = |packet: &str| ear.hear(packet.as_bytes());
        assert_eq!(hear(&crowd(7, 2)), Some(Told::Crowd { count: 7, listed: 2 }));
        assert_eq!(hear(&crowd(8, 0)), Some(Told::Crowd { count: 8, listed: 0 }));
        let joined = r#"42["user-joined-room",{"id":"1-1","user":{"id":"a"},"memberCount":3}]"#;
        assert_eq!(hear(joined), Some(Told::One { count: 3 }));
        for other in ["2", r#"42["message-received",{"memberCount":1}]"#, r#"430[{"ok":true}]"#] {
            assert_eq!(hear(other), None, "{other}");
        }
    }

    #[test]
    fn an_answer_tells_the_count_behind_its_members() {
        let answer =
            br#"[{"ok":true,"members":[{"id":"a"}],"memberCount":12,"recentMessages":[]}]"#;
        assert_eq!(count_in_answer(answer), Some(12));
        assert_eq!(count_in_answer(b"[{}]"), None);
    }

    #[test]
    fn one_user_alone_may_be_told_of_in_a_small_room_only() {
        let mut member = Presence::default();
        for count in [199, 200, 201] {
            member.take(Told::One { count }, 0, 200);
        }
        assert_eq!((member.singly, member.count), (1, Some(201)));
    }

    #[test]
    fn a_summary_has_the_worst_of_all_members() {
        let (mut calm, mut busy) = (Presence::default(), Presence::default());
        calm.take(Told::Crowd { count: 300, listed: 50 }, 0, 200);
        for at_us in [0, 200_000] {
            busy.take(Told::Crowd { count: 300, listed: 51 }, at_us, 200);
        }
        let mut summary = Summary::default();
        summary.member(&calm);
        summary.member(&busy);
        let expected = Summary {
            frames_max: 2,
            in_a_second_max: 2,
            gap_ms_min: Some(200.0),
            beyond: 1,
            singly: 0,
            long: 2,
        };
        assert_eq!(summary, expected);
    }
}
