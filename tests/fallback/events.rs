//! `Event::FellBack`.

use super::*;

#[tokio::test(start_paused = true)]
async fn it_says_for_which_error() {
    #[fallback(0, unless(Fault::Final))]
    #[timeout(1s)]
    async fn fell_back_for(r: &Record, what: Do) -> Result<u32, Fault> {
        if let Http(0) = what {
            return Err(Fault::Final);
        }
        act(r, what).await
    }
    let (r, events) = (Record::new(), Events::of("fell_back_for"));
    for what in [Succeed, Fail, Http(404), Http(0), Hang] {
        let _ = fell_back_for(&r, what).await;
    }
    let told = told(&events);
    assert_eq!(told.len(), 3, "{told:?}");
    assert_eq!(told[..2], ["network, try 2", "http 404"]);
    assert!(told[2].contains("1s"), "{told:?}");
}

#[tokio::test(start_paused = true)]
async fn it_has_the_id_of_the_call() {
    #[fallback(0)]
    #[timeout(10ms)]
    async fn fell_back_in_a_call(r: &Record) -> Result<u32, Fault> {
        act(r, Hang).await
    }
    let events = Events::of("fell_back_in_a_call");
    for _ in 0..2 {
        assert_eq!(fell_back_in_a_call(&Record::new()).await, Ok(0));
    }
    let ids: Vec<_> = events.all().iter().map(Event::call).collect();
    assert_eq!(ids.len(), 4);
    assert!(ids[0].is_some() && ids[0] == ids[1] && ids[2] == ids[3] && ids[0] != ids[2]);
}

#[tokio::test(start_paused = true)]
async fn an_error_needs_no_text() {
    struct Mute;

    #[fallback(0)]
    async fn fell_back_from_a_mute_error() -> Result<u32, Mute> {
        Err(Mute)
    }
    let events = Events::of("fell_back_from_a_mute_error");
    assert_eq!(fell_back_from_a_mute_error().await.ok(), Some(0));
    assert_eq!(told(&events), ["-"]);
}

#[tokio::test(start_paused = true)]
async fn a_trace_lists_the_call() {
    #[fallback(0)]
    async fn fell_back_in_a_trace() -> Result<u32, Fault> {
        Err(Fault::Final)
    }
    let (out, report) = resil::trace(fell_back_in_a_trace()).await;
    assert_eq!(out, Ok(0));
    assert!(
        report
            .function
            .is_some_and(|name| name.ends_with("fell_back_in_a_trace"))
    );
    assert_eq!(report.attempts, 1);
}
