//! The outbox of one session: frames that wait for its client. Any thread writes, the session's
//! transport takes all that waits at once. It is bounded: who does not read is cut off.

use std::collections::VecDeque;
use std::task::{Context, Poll, Waker};
use std::time::{Duration, Instant};

use parking_lot::Mutex;

use crate::close::Reason;
use crate::frame::Frame;

/// A queue of this capacity is kept when it runs empty; a larger one is given back.
const KEPT_CAPACITY: usize = 32;

/// How long a client may be behind by more than the limit: one that asks for much at once and reads on
/// needs a moment, one that does not read never gets there.
const BEHIND_MAX: Duration = Duration::from_secs(1);

/// How far behind a client may be at any time, in limits.
const LIMITS_MAX: usize = 16;

/// The bounded queue between the product and one session's transport.
pub struct Outbox {
    limit: usize,
    queue: Mutex<Queue>,
}

#[derive(Default)]
struct Queue {
    frames: VecDeque<Frame>,
    /// Bytes in `frames` and in the batch that the transport is writing.
    unsent: usize,
    /// Bytes in the batch that the transport is writing.
    taken: usize,
    /// Since when more than the limit waits.
    behind: Option<Instant>,
    closing: Option<Reason>,
    /// The places kept for the first frames of connections under way; nothing leaves meanwhile.
    held: Vec<Hold>,
    /// How many places were kept so far.
    holds: u64,
    /// The transport's waker. It is taken when it is used, so a burst wakes the transport once.
    waker: Option<Waker>,
    /// Whether the transport waits for frames, not only for the end.
    hungry: bool,
}

/// A place kept by [`Outbox::hold`].
struct Hold {
    number: u64,
    place: usize,
}

/// What the transport finds in the outbox.
pub(crate) enum Taken {
    /// There are frames to write.
    Frames,
    /// Nothing is left to write, and nothing will come.
    Closed(Reason),
}

impl Outbox {
    /// An empty outbox. More than `unsent_bytes_max` bytes may wait for a second, and sixteen times as
    /// much at no time. One large answer fits whatever its size: what is bounded is how far a client
    /// falls behind.
    pub fn new(unsent_bytes_max: usize) -> Outbox {
        Outbox { limit: unsent_bytes_max, queue: Mutex::default() }
    }

    /// Queues one frame. False if it was dropped because the session is closing; one that finds too
    /// much waiting makes it so, with reason [`Reason::Slow`]. Never waits; safe under any lock.
    pub fn push(&self, frame: Frame) -> bool {
        self.push_all([frame])
    }

    /// Queues frames that nothing may come between, such as a binary packet and its attachments.
    pub fn push_all(&self, frames: impl IntoIterator<Item = Frame>) -> bool {
        let mut queue = self.queue.lock();
        if queue.closing.is_some() {
            return false;
        }
        let fits = queue.keeps_up(self.limit);
        let waker = if fits {
            for frame in frames {
                queue.unsent += frame.size();
                queue.frames.push_back(frame);
            }
            queue.hungry.then(|| queue.waker.take()).flatten()
        } else {
            queue.frames = VecDeque::new();
            queue.closing = Some(Reason::Slow);
            queue.waker.take()
        };
        drop(queue);
        if !fits {
            metrics::counter!("rt_outbox_overflow_total").increment(1);
        }
        if let Some(waker) = waker {
            waker.wake();
        }
        fits
    }

    /// Closes the session once all that waits is sent (at once if the reason is
    /// [`Reason::Slow`]). A client that may not come back is told so. Only the first reason counts.
    pub fn close(&self, reason: Reason) {
        let mut queue = self.queue.lock();
        if queue.closing.is_some() {
            return;
        }
        if reason == Reason::Slow {
            queue.frames = VecDeque::new();
        } else if !reason.may_return() {
            let disconnect = Frame::packet("41");
            queue.unsent += disconnect.size();
            queue.frames.push_back(disconnect);
        }
        queue.closing = Some(reason);
        let waker = queue.waker.take();
        drop(queue);
        if let Some(waker) = waker {
            waker.wake();
        }
    }

    /// Whether the session is closing, and why.
    pub fn closing(&self) -> Option<Reason> {
        self.queue.lock().closing
    }

    /// Keeps a place for the frame that must be the first of a new connection, which others may
    /// know of, and write to, before that frame is made. Gives the number to release it by.
    pub(crate) fn hold(&self) -> u64 {
        let mut queue = self.queue.lock();
        queue.holds += 1;
        let hold = Hold { number: queue.holds, place: queue.frames.len() };
        queue.held.push(hold);
        queue.holds
    }

    /// Puts the frame, if there is one, into the place kept by [`Outbox::hold`].
    pub(crate) fn release(&self, number: u64, frame: Option<Frame>) {
        let mut queue = self.queue.lock();
        let Some(at) = queue.held.iter().position(|hold| hold.number == number) else { return };
        let place = queue.held.remove(at).place.min(queue.frames.len());
        if let Some(frame) = frame.filter(|_| queue.closing != Some(Reason::Slow)) {
            queue.unsent += frame.size();
            queue.frames.insert(place, frame);
            queue.held.iter_mut().skip(at).for_each(|later| later.place += 1);
        }
        let waker = queue.waker.take();
        drop(queue);
        if let Some(waker) = waker {
            waker.wake();
        }
    }

    /// Wakes the transport to look at its session again.
    pub(crate) fn wake(&self) {
        let waker = self.queue.lock().waker.take();
        if let Some(waker) = waker {
            waker.wake();
        }
    }

    /// Moves what waits, at most `count` frames, to the end of `batch`. All that was taken before
    /// must have been written. Pending registers the caller, of whom there may be one.
    pub(crate) fn poll_take(
        &self,
        context: &mut Context<'_>,
        batch: &mut VecDeque<Frame>,
        count: usize,
    ) -> Poll<Taken> {
        let mut queue = self.queue.lock();
        queue.unsent -= queue.taken;
        queue.taken = 0;
        if queue.unsent <= self.limit {
            queue.behind = None;
        }
        if queue.held.is_empty() && !queue.frames.is_empty() {
            if batch.is_empty() && queue.frames.len() <= count {
                std::mem::swap(batch, &mut queue.frames);
                queue.taken = queue.unsent;
            } else {
                let count = count.min(queue.frames.len());
                let before = batch.len();
                batch.extend(queue.frames.drain(..count));
                queue.taken = batch.iter().skip(before).map(Frame::size).sum();
            }
            return Poll::Ready(Taken::Frames);
        }
        if let Some(reason) = queue.closing
            && queue.frames.is_empty()
        {
            return Poll::Ready(Taken::Closed(reason));
        }
        if queue.frames.is_empty() && queue.frames.capacity() > KEPT_CAPACITY {
            queue.frames = VecDeque::new();
        }
        queue.listen(context, true);
        Poll::Pending
    }

    /// Registers the caller for the end of the session while it cannot take frames, and says at
    /// once whether it was cut off.
    pub(crate) fn watch(&self, context: &mut Context<'_>) -> Option<Reason> {
        let mut queue = self.queue.lock();
        queue.listen(context, false);
        queue.closing.filter(|reason| *reason == Reason::Slow)
    }
}

impl Queue {
    /// Whether the client reads fast enough to be sent more.
    fn keeps_up(&mut self, limit: usize) -> bool {
        if self.unsent <= limit {
            return true;
        }
        let behind = *self.behind.get_or_insert_with(Instant::now);
        behind.elapsed() < BEHIND_MAX && self.unsent <= limit.saturating_mul(LIMITS_MAX)
    }

    fn listen(&mut self, context: &mut Context<'_>, hungry: bool) {
        self.hungry = hungry;
        match &self.waker {
            Some(waker) if waker.will_wake(context.waker()) => {}
            _ => self.waker = Some(context.waker().clone()),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;
    use std::sync::atomic::{AtomicUsize, Ordering};
    use std::task::Wake;

    use super::*;

    #[derive(Default)]
    struct Wakes(AtomicUsize);

    impl Wake for Wakes {
        fn wake(self: Arc<Self>) {
            self.0.fetch_add(1, Ordering::Relaxed);
        }
    }

    fn frame(text: &str) -> Frame {
        Frame::packet(text)
    }

    fn take(outbox: &Outbox, count: usize) -> (Poll<Taken>, VecDeque<Frame>) {
        let mut batch = VecDeque::new();
        let mut context = Context::from_waker(Waker::noop());
        let taken = outbox.poll_take(&mut context, &mut batch, count);
        (taken, batch)
    }

    #[test]
    fn a_burst_wakes_once_and_is_taken_at_once() {
        let outbox = Outbox::new(1000);
        let wakes = Arc::new(Wakes::default());
        let waker = Waker::from(wakes.clone());
        let mut context = Context::from_waker(&waker);
        let mut batch = VecDeque::new();
        assert!(outbox.poll_take(&mut context, &mut batch, 64).is_pending());
        for text in ["4a", "4b", "4c"] {
            assert!(outbox.push(frame(text)));
        }
        assert_eq!(wakes.0.load(Ordering::Relaxed), 1);
        assert!(outbox.poll_take(&mut context, &mut batch, 64).is_ready());
        assert_eq!(batch, [frame("4a"), frame("4b"), frame("4c")]);
    }

    #[test]
    fn a_transport_that_cannot_take_frames_is_woken_only_for_the_end() {
        let outbox = Outbox::new(1000);
        let wakes = Arc::new(Wakes::default());
        let waker = Waker::from(wakes.clone());
        assert!(outbox.watch(&mut Context::from_waker(&waker)).is_none());
        outbox.push(frame("4a"));
        assert_eq!(wakes.0.load(Ordering::Relaxed), 0);
        outbox.close(Reason::Drain);
        assert_eq!(wakes.0.load(Ordering::Relaxed), 1);
    }

    #[test]
    fn what_is_being_written_counts_until_it_is_written() {
        let outbox = Outbox::new(5);
        for _ in 0..3 {
            assert!(outbox.push(frame("4aaaa")));
            assert_eq!(take(&outbox, 64).1.len(), 1);
            assert!(take(&outbox, 64).0.is_pending());
        }
        assert!(outbox.queue.lock().behind.is_none());
        assert!(outbox.push(frame("4aaaa")));
        assert_eq!(take(&outbox, 64).1.len(), 1);
        assert!(outbox.push(frame("4bbbb")));
        assert!(outbox.queue.lock().behind.is_some(), "the first is not written yet");
    }

    #[test]
    fn who_is_behind_for_too_long_or_by_too_much_is_cut_off() {
        let outbox = Outbox::new(5);
        for _ in 0..12 {
            assert!(outbox.push(frame("4aaaa")), "at most sixteen limits wait");
        }
        assert!(!outbox.push(frame("4bbbb")));
        assert_eq!(outbox.closing(), Some(Reason::Slow));
        assert!(matches!(take(&outbox, 64).0, Poll::Ready(Taken::Closed(Reason::Slow))));

        let outbox = Outbox::new(5);
        assert!(outbox.push(frame("4aaaa")) && outbox.push(frame("4aaaa")));
        outbox.queue.lock().behind = Instant::now().checked_sub(BEHIND_MAX);
        assert!(!outbox.push(frame("4bbbb")));
    }

    #[test]
    fn a_close_lets_out_what_waits_and_takes_nothing_more() {
        let outbox = Outbox::new(1000);
        outbox.push(frame("4a"));
        outbox.close(Reason::TokenExpired);
        outbox.close(Reason::Drain);
        assert!(!outbox.push(frame("4b")));
        assert_eq!(take(&outbox, 1).1, [frame("4a")]);
        assert_eq!(take(&outbox, 1).1, [frame("41")]);
        assert!(matches!(take(&outbox, 1).0, Poll::Ready(Taken::Closed(Reason::TokenExpired))));
    }

    #[test]
    fn who_may_come_back_gets_no_disconnect_packet() {
        let outbox = Outbox::new(1000);
        outbox.close(Reason::Drain);
        assert!(matches!(take(&outbox, 1).0, Poll::Ready(Taken::Closed(Reason::Drain))));
    }

    #[test]
    fn the_first_frame_of_a_connection_overtakes_what_came_meanwhile() {
        let outbox = Outbox::new(1000);
        outbox.push(frame("4before"));
        let hold = outbox.hold();
        outbox.push(frame("4meanwhile"));
        assert!(take(&outbox, 64).0.is_pending());
        outbox.release(hold, Some(frame("40")));
        let (_, batch) = take(&outbox, 64);
        assert_eq!(batch, [frame("4before"), frame("40"), frame("4meanwhile")]);
    }

    #[test]
    fn connections_under_way_keep_their_places_apart() {
        let outbox = Outbox::new(1000);
        let holds = [outbox.hold(), outbox.hold(), outbox.hold()];
        outbox.push(frame("4meanwhile"));
        outbox.release(holds[1], None);
        outbox.release(holds[0], Some(frame("40")));
        assert!(take(&outbox, 64).0.is_pending());
        outbox.release(holds[2], Some(frame("44/x,")));
        let (_, batch) = take(&outbox, 64);
        assert_eq!(batch, [frame("40"), frame("44/x,"), frame("4meanwhile")]);
    }
}
