//! Accounts by a clock that the tests turn: who passes, who waits, who is refused until when.

use std::sync::mpsc;

use tokio::time::advance;

use super::*;

const EVENTS: Classes = &[0];
const TYPING: Classes = &[1];
const INVITATION: Classes = &[0, 2];

fn limit(name: &'static str, interval_ms: u64, burst: u32) -> Option<Limit> {
    let quota = Quota { interval: Duration::from_millis(interval_ms), burst };
    Some(Limit { name, quota, shared: true })
}

fn account(interval_ms: u64, burst: u32) -> Account {
    let events = limit("events", interval_ms, burst);
    let typing = limit("ephemeral", interval_ms, burst);
    let table = [events, typing, limit("invitations", 6_000, 10)];
    Account::new("user:ann".to_owned(), table.into())
}

/// One that came: its verdict, now or later.
struct Guest {
    now: Option<Verdict>,
    owes: bool,
    later: mpsc::Receiver<Verdict>,
}

impl Guest {
    fn passed(&self) -> bool {
        self.now == Some(Ok(())) || self.later.try_recv() == Ok(Ok(()))
    }

    fn refused_for_ms(&self) -> u64 {
        let verdict = self.now.unwrap_or_else(|| self.later.try_recv().expect("a verdict"));
        verdict.expect_err("it is refused").retry_after_ms
    }
}

fn arrive(account: &Account, classes: Classes) -> Guest {
    let (tell, later) = mpsc::channel();
    let then = || -> Then { Box::new(move |verdict| _ = tell.send(verdict)) };
    let Arrival { verdict, owes } = account.arrive(classes, then);
    Guest { now: verdict, owes, later }
}

/// Answers the debit that is due with this much of what is asked, and this wait.
fn answer(account: &Account, granted: u32, wait_ms: u64) -> (u32, u32) {
    let dues = account.due();
    assert_eq!(dues.len(), 1);
    account.debited(&[(dues[0], Some(Taken { granted, wait_ms }))]);
    (dues[0].used, dues[0].asked)
}

#[tokio::test(start_paused = true)]
async fn of_a_small_burst_none_passes_before_its_debit_is_answered() {
    let account = account(1_000, 10);
    let guests = [(); 3].map(|()| arrive(&account, EVENTS));
    assert_eq!(guests.each_ref().map(|guest| guest.owes), [true, false, false], "noted once");
    assert!(guests.iter().all(|guest| guest.now.is_none()));
    assert_eq!(answer(&account, 2, 700), (0, 3));
    assert!(guests[0].passed() && guests[1].passed());
    // The local bucket gave just now, and has the next a second later.
    assert_eq!(guests[2].refused_for_ms(), 1_000);
}

#[tokio::test(start_paused = true)]
async fn a_twentieth_of_a_burst_passes_ahead_of_its_debit() {
    let account = account(20, 100);
    let guests = [(); 7].map(|()| arrive(&account, EVENTS));
    assert_eq!(guests.iter().filter(|guest| guest.now == Some(Ok(()))).count(), 5);
    let dues = account.due();
    assert_eq!((dues[0].used, dues[0].asked), (5, 2));
    let late = arrive(&account, EVENTS);
    assert!(late.now.is_none() && !late.owes, "a debit is under way");
    assert!(account.debited(&[(dues[0], Some(Taken { granted: 2, wait_ms: 0 }))]));
    assert!(guests[5].passed() && guests[6].passed());
    assert!(late.passed(), "it is ahead of the next debit");
    assert_eq!(answer(&account, 0, 0), (1, 0));
    assert!(account.due().is_empty());
}

#[tokio::test(start_paused = true)]
async fn while_the_shared_bucket_is_empty_nobody_is_asked() {
    let account = account(1_000, 10);
    let first = arrive(&account, EVENTS);
    answer(&account, 1, 2_500);
    assert!(first.passed());
    advance(Duration::from_millis(300)).await;
    let early = arrive(&account, EVENTS);
    assert!(!early.owes && account.due().is_empty());
    let wait_ms = early.refused_for_ms();
    assert_eq!(wait_ms, 2_200);
    advance(Duration::from_millis(wait_ms - 1)).await;
    assert!(arrive(&account, EVENTS).refused_for_ms() <= 1);
    advance(Duration::from_millis(1)).await;
    let again = arrive(&account, EVENTS);
    assert!(again.owes);
    answer(&account, 1, 1_000);
    assert!(again.passed());
}

#[tokio::test(start_paused = true)]
async fn what_the_local_bucket_refuses_goes_no_further() {
    let account = account(1_000, 10);
    let guests = [(); 11].map(|()| arrive(&account, EVENTS));
    assert!(guests[10].now.is_some_and(|verdict| verdict.is_err()));
    assert_eq!(answer(&account, 10, 0), (0, 10));
    assert_eq!(arrive(&account, EVENTS).refused_for_ms(), 1_000);
    assert!(account.due().is_empty());
}

#[tokio::test(start_paused = true)]
async fn without_an_answer_the_local_bucket_alone_decides() {
    let account = account(1_000, 10);
    let guests = [(); 4].map(|()| arrive(&account, EVENTS));
    let dues = account.due();
    account.debited(&[(dues[0], None)]);
    assert!(guests.iter().all(Guest::passed));
    let more = [(); 7].map(|()| arrive(&account, EVENTS));
    assert_eq!(more.iter().filter(|guest| guest.now == Some(Ok(()))).count(), 6);
    assert!(more.iter().all(|guest| !guest.owes), "Redis is left alone");
    let wait_ms = more[6].refused_for_ms();
    advance(Duration::from_millis(wait_ms)).await;
    assert!(arrive(&account, EVENTS).now.is_none(), "it is asked again");
}

#[tokio::test(start_paused = true)]
async fn typing_counts_apart_and_an_invitation_twice() {
    let account = account(1_000, 100);
    assert!(arrive(&account, EVENTS).passed());
    answer(&account, 0, 5_000);
    assert_eq!(arrive(&account, EVENTS).refused_for_ms(), 5_000);
    assert!(arrive(&account, TYPING).passed());
    answer(&account, 0, 0);
    advance(Duration::from_secs(5)).await;
    let invitation = arrive(&account, INVITATION);
    let dues = account.due();
    assert_eq!(dues.iter().map(|due| due.class).collect::<Vec<_>>(), [0, 2]);
    let event = arrive(&account, EVENTS);
    assert!(event.now.is_none(), "it does not overtake the invitation");
    let answers = [Taken { granted: 1, wait_ms: 0 }, Taken { granted: 0, wait_ms: 9_000 }];
    let answers: Vec<_> = dues.into_iter().zip(answers.map(Some)).collect();
    account.debited(&answers);
    assert_eq!(invitation.refused_for_ms(), 9_000);
    assert!(event.passed(), "with what the invitation did not use");
    assert!(arrive(&account, EVENTS).passed());
}

#[tokio::test(start_paused = true)]
async fn nobody_overtakes_those_who_are_being_told() {
    let account = Arc::new(account(1_000, 100));
    for _ in 0..5 {
        arrive(&account, EVENTS);
    }
    let (tell, told) = mpsc::channel();
    let (inner, first) = (Arc::clone(&account), tell.clone());
    let then = || -> Then {
        Box::new(move |_| {
            // As another connection of the user may at this very moment.
            let arrival = inner.arrive(EVENTS, || Box::new(move |_| _ = tell.send("second")));
            assert!(arrival.verdict.is_none());
            let _ = first.send("first");
        })
    };
    assert!(account.arrive(EVENTS, then).verdict.is_none());
    answer(&account, 1, 0);
    assert_eq!(told.try_iter().collect::<Vec<_>>(), ["first", "second"]);
}

#[tokio::test(start_paused = true)]
async fn an_account_is_idle_when_a_new_one_would_be_the_same() {
    let account = account(1_000, 10);
    assert!(account.is_idle());
    arrive(&account, EVENTS);
    assert!(!account.is_idle());
    answer(&account, 1, 0);
    advance(Duration::from_millis(9_999)).await;
    assert!(!account.is_idle());
    advance(Duration::from_millis(1)).await;
    assert!(account.is_idle());
}
