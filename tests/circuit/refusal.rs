//! The error of a refused call, and control of a breaker by hand.

use super::*;

#[tokio::test(start_paused = true)]
async fn d15_a_refused_call_runs_no_body_and_says_when_to_come_again() {
    #[circuit(name = "d15", failures = 1, open_for = 10s)]
    #[timeout({ r.attempt(); ms(1_000) })]
    async fn refused(r: &Record, what: Do) -> Result<u32, Fault> {
        act(r, what).await
    }
    let r = Record::new();
    let events = Events::of("d15");
    assert_eq!(play!(refused(&r), Fail), "F");
    let ran = r.count();
    for _ in 0..1_000 {
        let Err(Fault::Resil(e)) = refused(&r, Succeed).await else {
            panic!("not refused");
        };
        let Error::CircuitOpen { name, retry_in, .. } = e.clone() else {
            panic!("{e}");
        };
        assert_eq!((name, retry_in), ("d15", e.retry_after()));
        assert!(
            (ms(10_000)..=ms(12_000)).contains(&retry_in.unwrap()),
            "{e}"
        );
    }
    assert_eq!(r.count(), ran, "nothing below it ran");
    advance(ms(4_000)).await;
    let Err(Fault::Resil(e)) = refused(&r, Succeed).await else {
        panic!("not refused");
    };
    let left = e.retry_after().unwrap();
    assert!((ms(6_000)..=ms(8_000)).contains(&left), "{left:?}");
    assert!(e.to_string().starts_with("circuit `d15` is open"), "{e}");
    // What it says is when it is so.
    advance(left.checked_sub(ms(1)).unwrap()).await;
    assert_eq!(play!(refused(&r), Succeed), "X");
    advance(ms(1)).await;
    assert_eq!(play!(refused(&r), Succeed), ".");
    let of = |want: fn(&Event) -> bool| events.all().iter().filter(|e| want(e)).count();
    assert_eq!(of(|e| matches!(e, Event::CircuitRefused { .. })), 1_002);
    assert_eq!(of(|e| matches!(e, Event::CircuitChanged { .. })), 3);
}

#[tokio::test(start_paused = true)]
async fn without_a_name_it_is_called_by_its_function() {
    #[circuit(failures = 1)]
    async fn nameless(r: &Record, what: Do) -> Result<u32, Fault> {
        act(r, what).await
    }
    let r = Record::new();
    let _ = nameless(&r, Fail).await;
    let Err(Fault::Resil(Error::CircuitOpen { name, .. })) = nameless(&r, Fail).await else {
        panic!("not refused");
    };
    assert_eq!(name, "circuit::refusal::nameless");
    assert_eq!(state("circuit::refusal::nameless"), CircuitState::Open);
    assert!(registry().snapshot().iter().any(|b| b.name == name));
}

#[tokio::test(start_paused = true)]
async fn the_hand_holds_over_the_attribute() {
    #[circuit(name = "by-hand", failures = 1)]
    async fn by_hand(r: &Record, what: Do) -> Result<u32, Fault> {
        act(r, what).await
    }
    let r = Record::new();
    let b = breaker("by-hand");
    b.force_open();
    let Err(Fault::Resil(Error::CircuitOpen { retry_in: None, .. })) = by_hand(&r, Succeed).await
    else {
        panic!("not refused");
    };
    b.disable();
    assert_eq!(play!(by_hand(&r), Fail; 9), "FFFFFFFFF");
    b.force_close();
    assert_eq!(play!(by_hand(&r), Fail, Fail), "FX");
    b.reset();
    assert_eq!(play!(by_hand(&r), Succeed, Fail, Fail), ".FX");
}
