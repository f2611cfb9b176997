//! What is wrong with the source of the endpoints is told to the subscriber, once.

use std::fmt::{Debug, Write as _};
use std::sync::{Arc, Mutex};

use futures_util::stream;
use resil_http::balance::{Balancer, Endpoint, Endpoints};
use tower::discover::Change;
use tracing::field::{Field, Visit};
use tracing::span::{Attributes, Id, Record};
use tracing::{Event, Metadata, Subscriber};

/// Keeps the events of one target as text.
struct Kept(Arc<Mutex<Vec<String>>>);

struct Line(String);

impl Visit for Line {
    fn record_debug(&mut self, field: &Field, value: &dyn Debug) {
        write!(self.0, " {field}={value:?}").expect("a text");
    }
}

impl Subscriber for Kept {
    fn enabled(&self, metadata: &Metadata<'_>) -> bool {
        metadata.target() == "resil::balance"
    }

    fn new_span(&self, _: &Attributes<'_>) -> Id {
        Id::from_u64(1)
    }

    fn record(&self, _: &Id, _: &Record<'_>) {}

    fn record_follows_from(&self, _: &Id, _: &Id) {}

    fn event(&self, event: &Event<'_>) {
        let mut line = Line(event.metadata().level().to_string());
        event.record(&mut line);
        self.0.lock().expect("a lock").push(line.0);
    }

    fn enter(&self, _: &Id) {}

    fn exit(&self, _: &Id) {}
}

#[tokio::test(start_paused = true)]
async fn a_fault_is_told_once_until_there_is_another_one() {
    let lines = Arc::new(Mutex::new(Vec::new()));
    let _subscriber = ::tracing::subscriber::set_default(Kept(Arc::clone(&lines)));
    let errors = ["away", "away", "away", "back to front", "away"];
    let changes = stream::iter(
        errors.map(|text| Err::<Change<u8, Endpoint>, _>(std::io::Error::other(text))),
    );
    let balancer = Balancer::new("tracing.once", Endpoints::changes(changes)).expect("a runtime");
    while balancer.stats().faults < 6 {
        tokio::task::yield_now().await;
    }
    let line = |fault: &str| {
        format!(
            "WARN message=the source of the endpoints tells of a fault balancer=\"tracing.once\" fault=\"the stream of changes{fault}\""
        )
    };
    assert_eq!(
        *lines.lock().expect("a lock"),
        [
            line(": away"),
            line(": back to front"),
            line(": away"),
            line(" has ended: the endpoints stay as they are"),
        ]
    );
}
