//! Functions that return their future by hand: the policies are around its `async` block. A box or a
//! span that is made of the block stays around the policies, and statements before the block run once.

use std::pin::Pin;
use std::sync::atomic::{AtomicU32, Ordering::SeqCst};
use std::sync::{Arc, Mutex};

use futures_util::FutureExt;
use futures_util::future::{BoxFuture, LocalBoxFuture};
use resil::event::Event;
use resil::{CircuitState, breaker, circuit, idempotent, retry, timeout};
use tracing::instrument::WithSubscriber;
use tracing::{Instrument, Span, info_span};
use tracing_subscriber::layer::SubscriberExt;

use super::Do::{Fail, Hang, Succeed};
use super::act;
use super::instrument::Spans;
use super::support::{Fault, Record};

type Answer = Result<u32, Fault>;

/// A function of each shape: two attempts that hang and one that answers, after what is before the
/// block has run once.
macro_rules! shapes {
    ($($(#[$note:meta])* $name:ident($r:ident, $before:ident) -> $future:ty $body:block)*) => {$(
        $(#[$note])*
        #[tokio::test(start_paused = true)]
        async fn $name() {
            #[circuit(failures = 1)]
            #[timeout(9s)]
            #[retry(constant, max = 3, base = 100ms, jitter = none)]
            #[timeout(1s)]
            fn by_hand<'a>($r: &'a Record, $before: &AtomicU32, owned: Vec<u8>) -> $future {
                $before.fetch_add(1, SeqCst);
                let $r = ($r, owned);
                $body
            }
            let (r, before) = (Record::new(), AtomicU32::new(0));
            assert_eq!(by_hand(&r, &before, vec![1]).await, Ok(3));
            assert_eq!(r.times(), [0, 1_100, 2_200]);
            assert_eq!(before.load(SeqCst), 1);
        }
    )*};
}

async fn third((r, owned): &(&Record, Vec<u8>)) -> Answer {
    assert_eq!(owned.len(), 1);
    act(r, if r.count() < 2 { Hang } else { Succeed }).await
}

shapes! {
    boxed(r, before) -> BoxFuture<'a, Answer> {
        Box::pin(async move { third(&r).await },)
    }
    boxed_by_its_path(r, before) -> BoxFuture<'a, Answer> {
        std::boxed::Box::pin(async move { third(&r).await })
    }
    boxed_and_cast(r, before) -> BoxFuture<'a, Answer> {
        Box::pin(async move { third(&r).await })
            as Pin<Box<dyn Future<Output = <Vec<Answer> as IntoIterator>::Item> + Send + 'a>>
    }
    boxed_by_a_method(r, before) -> BoxFuture<'a, Answer> {
        async move { third(&r).await }.boxed()
    }
    boxed_by_a_method_here(r, before) -> LocalBoxFuture<'a, Answer> {
        async move { third(&r).await }.boxed_local()
    }
    boxed_by_a_function(r, before) -> BoxFuture<'a, Answer> {
        FutureExt::boxed(async move { third(&r).await })
    }
    boxed_and_then_pinned(r, before) -> BoxFuture<'a, Answer> {
        Pin::from(Box::new(async move { third(&r).await }))
    }
    boxed_around_statements(r, before) -> BoxFuture<'a, Answer> {
        Box::pin({
            let r = r;
            async move { third(&r).await }
        })
    }
    returned(r, before) -> BoxFuture<'a, Answer> {
        return Box::pin(async move { third(&r).await });
    }
    returned_as_the_value(r, before) -> BoxFuture<'a, Answer> {
        if before.load(SeqCst) > 1 {
            panic!("twice")
        }
        return Box::pin(async move { third(&r).await })
    }
    behind_a_statement_in_braces(r, before) -> BoxFuture<'a, Answer> {
        let r = if before.load(SeqCst) > 1 { panic!("twice") } else { r };
        match before.load(SeqCst) {
            1 => {}
            _ => panic!("twice"),
        }
        Box::pin(async move { third(&r).await })
    }
    in_blocks_and_brackets(r, before) -> BoxFuture<'a, Answer> {
        let all = r;
        #[allow(unused_braces, unused_parens, reason = "they may stand there")]
        {
            let r = all;
            { (Box::pin((async move { third(&r).await }))) }
        }
    }
    instrumented(r, before) -> BoxFuture<'a, Answer> {
        Box::pin(async move { third(&r).await }.instrument(info_span!("by_hand")))
    }
    instrumented_by_a_function(r, before) -> BoxFuture<'a, Answer> {
        let span = info_span!("by_hand");
        Box::pin(tracing::Instrument::instrument(async move { third(&r).await }, span))
    }
    instrumented_and_boxed(r, before) -> BoxFuture<'a, Answer> {
        async move { third(&r).await }
            .instrument(Span::current())
            .in_current_span()
            .with_current_subscriber()
            .boxed()
    }
    not_boxed(r, before) -> impl Future<Output = Answer> + 'a {
        async move { third(&r).await }.in_current_span()
    }
    unconstrained(r, before) -> impl Future<Output = Answer> + 'a {
        tokio::task::unconstrained(async move { third(&r).await })
    }
    named(r, before) -> BoxFuture<'a, Answer> {
        let future = async move { third(&r).await };
        Box::pin(future)
    }
    named_with_its_type(r, before) -> BoxFuture<'a, Answer> {
        let future: Pin<Box<dyn Future<Output = Result<u32, Fault>> + Send + 'a>> =
            Box::pin(async move { third(&r).await });
        future
    }
    named_twice(r, before) -> BoxFuture<'a, Answer> {
        let future = async move { third(&r).await };
        let span = info_span!("by_hand");
        let future = future.instrument(span);
        return future.boxed();
    }
    named_in_a_block_around(r, before) -> BoxFuture<'a, Answer> {
        let future = r;
        let r = future;
        let future = async move { third(&r).await };
        {
            let span = info_span!("by_hand");
            Box::pin(future.instrument(span))
        }
    }
}

/// What is chained on the block is where an attribute above all of ours would be.
#[tokio::test(start_paused = true)]
async fn a_span_on_the_block_is_around_the_policies() {
    #[retry(constant, max = 3, base = 100ms, jitter = none)]
    #[timeout(1s)]
    fn spanned<'a>(r: &'a Record, seen: &'a Mutex<Vec<String>>) -> BoxFuture<'a, Answer> {
        Box::pin(
            async move {
                let span = Span::current();
                let name = span.metadata().map_or("none", |data| data.name());
                seen.lock().unwrap().push(name.to_owned());
                act(r, if r.count() < 2 { Hang } else { Succeed }).await
            }
            .instrument(info_span!("by-hand")),
        )
    }
    let spans = Spans::default();
    let (r, seen) = (Record::new(), Arc::new(Mutex::new(Vec::new())));
    let heard = Arc::clone(&seen);
    let _listening = resil::event::subscribe(move |event| {
        if matches!(event, Event::Retry { function, .. } if function.ends_with("::spanned")) {
            let name = Span::current()
                .metadata()
                .map_or("none", |data| data.name());
            heard.lock().unwrap().push(format!("retry in {name}"));
        }
    });
    // A span that another test meets for the first time, just as this one begins to listen, is off for both until
    // the interest in all of them is asked for again.
    assert_eq!(spanned(&Record::new(), &Mutex::default()).await, Ok(3));
    seen.lock().unwrap().clear();
    {
        let registry = tracing_subscriber::registry().with(spans.clone());
        let _on_this_thread = tracing::subscriber::set_default(registry);
        tracing::callsite::rebuild_interest_cache();
        assert_eq!(spanned(&r, &seen).await, Ok(3));
    }
    assert_eq!(spans.count("by-hand"), 1, "one for the call");
    // With the feature `tracing` an attempt has a span of its own inside of it.
    let inside = if cfg!(feature = "tracing") {
        "resil.attempt"
    } else {
        "by-hand"
    };
    let retried = "retry in by-hand";
    assert_eq!(
        *seen.lock().unwrap(),
        [inside, retried, inside, retried, inside]
    );
}

/// A claim, a circuit and `return`s of closures before the block.
#[tokio::test(start_paused = true)]
async fn a_claim_and_a_circuit_around_a_named_future() {
    #[idempotent(key = k)]
    #[circuit(name = "by-hand", failures = 2)]
    fn pay(r: &Record, k: u32, fails: bool) -> BoxFuture<'_, Answer> {
        let what = |fails: bool| -> super::Do { return if fails { Fail } else { Succeed } };
        let what = what(fails);
        let future = async move { act(r, what).await };
        future.boxed()
    }
    let r = Record::new();
    assert_eq!(pay(&r, 1, false).await, Ok(1));
    assert_eq!(pay(&r, 1, true).await, Ok(1), "replayed");
    assert!(pay(&r, 2, true).await.is_err());
    assert!(pay(&r, 2, true).await.is_err());
    assert_eq!(breaker("by-hand").state(), CircuitState::Open);
    assert_eq!(r.count(), 3);
}
