//! Subscribers that take little, or nothing, or come and go.

use resil::event::{self, Event};
use resil::{retry, timeout};
use tracing::level_filters::LevelFilter;
use tracing::subscriber::with_default;
use tracing::{Dispatch, Level, Metadata};
use tracing_subscriber::filter::filter_fn;
use tracing_subscriber::layer::{Layer, SubscriberExt};
use tracing_subscriber::registry::Registry;

use super::collect::Collected;
use super::support::alone::{alone, does, passes};
use super::support::{Fault, ms};
use tracing::instrument::WithSubscriber;

type Answer = Result<u32, Fault>;

#[retry(constant, max = 3, base = 1ms, jitter = none)]
#[timeout(1s)]
async fn pay(attempts: &std::sync::atomic::AtomicU32) -> Answer {
    tracing::info!(name: "own", "the body's");
    tokio::time::sleep(ms(1)).await;
    match attempts.fetch_add(1, std::sync::atomic::Ordering::Relaxed) {
        n @ 0..2 => Err(Fault::Network(n)),
        n => Ok(n),
    }
}

/// Runs a call whose subscriber takes what `takes` says. Returns the tree.
async fn with(takes: impl Fn(&Metadata<'_>) -> bool + Send + Sync + 'static) -> String {
    let seen = Collected::default();
    let layer = seen.clone().with_filter(filter_fn(takes));
    let subscriber = Dispatch::new(Registry::default().with(layer));
    let request = async {
        let span = tracing::error_span!("request");
        tracing::Instrument::instrument(async { pay(&0.into()).await }, span).await
    };
    assert_eq!(request.with_subscriber(subscriber).await.unwrap(), 2);
    seen.all_are_closed();
    seen.tree()
}

#[tokio::test(start_paused = true)]
async fn what_is_below_a_span_that_nobody_takes_is_below_the_next_one() {
    let no_spans = with(|data| data.is_event() || data.name() == "request").await;
    assert_eq!(
        no_spans,
        "\
request
  - own
  - resil.retry
  - own
  - resil.retry
  - own
  - resil.retry.succeeded
"
    );
    let no_call = with(|data| data.name() != "resil.call").await;
    assert_eq!(
        no_call,
        "\
request
  resil.attempt error
    - own
  resil.attempt error
    - own
  resil.attempt ok
    - own
  - resil.retry
  - resil.retry
  - resil.retry.succeeded
"
    );
    let no_attempts = with(|data| data.name() != "resil.attempt").await;
    assert_eq!(
        no_attempts,
        "\
request
  resil.call ok
    - resil.retry
    - resil.retry
    - resil.retry.succeeded
  - own
  - own
  - own
"
    );
    assert_eq!(with(|data| *data.level() <= Level::WARN).await, "request\n");
    assert_eq!(
        with(|data| !data.target().starts_with("resil")).await,
        "request\n  - own\n  - own\n  - own\n"
    );
}

/// A call that is polled under one subscriber and then under another one belongs to the first.
#[tokio::test(start_paused = true)]
async fn a_call_keeps_the_subscriber_of_its_first_poll() {
    let (first, then) = (Collected::default(), Collected::default());
    let attempts = 0.into();
    let mut call = Box::pin(pay(&attempts));
    let mut polls = 0;
    let (first_one, other) = (first.subscriber(), then.subscriber());
    let out = std::future::poll_fn(|cx| {
        polls += 1;
        let subscriber = if polls == 1 { &first_one } else { &other };
        tracing::dispatcher::with_default(subscriber, || call.as_mut().poll(cx))
    });
    assert_eq!(out.await.unwrap(), 2);
    assert_eq!(
        first.tree(),
        "\
resil.call ok
  resil.attempt error
    - own
  resil.attempt error
  resil.attempt ok
  - resil.retry
  - resil.retry
  - resil.retry.succeeded
"
    );
    assert_eq!(then.tree(), "- own\n- own\n");
    first.all_are_closed();
}

/// A subscriber that comes during a call gets its events, and the spans of what begins after it.
#[tokio::test(start_paused = true)]
async fn a_subscriber_that_comes_late() {
    let seen = Collected::default();
    let attempts = 0.into();
    let mut call = Box::pin(pay(&attempts));
    let subscriber = seen.subscriber();
    let mut is_first = true;
    let out = std::future::poll_fn(|cx| {
        if std::mem::take(&mut is_first) {
            let nobody = Dispatch::new(tracing::subscriber::NoSubscriber::default());
            return tracing::dispatcher::with_default(&nobody, || call.as_mut().poll(cx));
        }
        tracing::dispatcher::with_default(&subscriber, || call.as_mut().poll(cx))
    });
    assert_eq!(out.await.unwrap(), 2);
    assert_eq!(
        seen.tree(),
        "\
resil.attempt error
  - own
resil.attempt ok
  - own
- resil.retry
- resil.retry
- resil.retry.succeeded
"
    );
    seen.all_are_closed();
}

/// Where the process had no subscriber as the call began, nobody follows the call: what comes later gets its events.
#[test]
fn a_subscriber_that_comes_where_there_was_none() {
    if !does("come late") {
        return passes(alone(
            "subscribers::a_subscriber_that_comes_where_there_was_none",
            "come late",
        ));
    }
    let seen = Collected::default();
    let attempts = 0.into();
    let mut call = Box::pin(pay(&attempts));
    let mut subscriber = None;
    let out = std::future::poll_fn(|cx| match &subscriber {
        None => {
            let poll = call.as_mut().poll(cx);
            subscriber = Some(seen.subscriber());
            poll
        }
        Some(subscriber) => {
            tracing::dispatcher::with_default(subscriber, || call.as_mut().poll(cx))
        }
    });
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_time()
        .start_paused(true)
        .build()
        .unwrap();
    assert_eq!(runtime.block_on(out).unwrap(), 2);
    assert_eq!(
        seen.tree(),
        "\
- resil.retry
- own
- resil.retry
- own
- resil.retry.succeeded
"
    );
}

/// A subscriber whose events panic loses them, and the call goes on: as a listener.
#[tokio::test(start_paused = true)]
async fn an_event_that_panics_breaks_nothing() {
    struct Panics;
    impl<S: tracing::Subscriber> Layer<S> for Panics {
        fn on_event(
            &self,
            event: &tracing::Event<'_>,
            _: tracing_subscriber::layer::Context<'_, S>,
        ) {
            assert!(event.metadata().name() == "own", "the subscriber's");
        }
    }
    let subscriber = Dispatch::new(Registry::default().with(Panics));
    let call = pay(&0.into()).await;
    assert!(call.is_ok());
    let attempts = 0.into();
    assert!(pay(&attempts).with_subscriber(subscriber).await.is_ok());
}

/// Listeners hear as before, and are shown the texts of errors.
#[tokio::test(start_paused = true)]
async fn a_listener_beside_a_subscriber_is_shown_errors() {
    let seen = Collected::default();
    let heard = std::sync::Arc::new(std::sync::Mutex::new(Vec::new()));
    let all = std::sync::Arc::clone(&heard);
    let _listening = event::subscribe(move |event| {
        if let Event::Retry {
            function, error, ..
        } = event
            && function.ends_with("subscribers::pay")
        {
            all.lock()
                .unwrap()
                .push(error.as_deref().map(str::to_owned));
        }
    });
    let (out, report) = seen.over(resil::trace(pay(&0.into()))).await;
    assert!(out.is_ok());
    assert_eq!(report.attempts, 3);
    let heard = heard.lock().unwrap();
    assert!(
        heard.contains(&Some("network, try 0".to_owned())),
        "{heard:?}"
    );
    assert_eq!(seen.events("resil.retry").len(), 2);
}

/// The most verbose level of a subscriber is known without asking it.
#[test]
fn a_subscriber_is_on_by_its_level() {
    let quiet = Registry::default().with(LevelFilter::ERROR);
    with_default(quiet, || {
        let out = blocking();
        assert!(out.is_err());
    });
    #[retry(constant, max = 1)]
    fn blocking() -> Answer {
        Err(Fault::Final)
    }
}
