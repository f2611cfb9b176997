//! A layer that keeps the spans and events that it is given.

use std::collections::BTreeMap;
use std::fmt::{Debug, Write};
use std::sync::{Arc, Mutex, MutexGuard};

use tracing::field::{Field, Visit};
use tracing::instrument::{WithDispatch, WithSubscriber};
use tracing::span::{Attributes, Id, Record};
use tracing::{Dispatch, Event, Level, Metadata, Subscriber};
use tracing_subscriber::Layer;
use tracing_subscriber::layer::{Context, SubscriberExt};
use tracing_subscriber::registry::{LookupSpan, Registry};

/// A span or an event.
#[derive(Clone, Debug)]
pub(crate) struct Seen {
    pub(crate) name: &'static str,
    pub(crate) target: &'static str,
    pub(crate) level: Level,
    /// The place of the span around it among the spans.
    pub(crate) parent: Option<usize>,
    pub(crate) fields: BTreeMap<&'static str, String>,
    /// How often it was entered, and how often it was left.
    pub(crate) entered: u32,
    pub(crate) left: u32,
    pub(crate) is_closed: bool,
}

impl Seen {
    fn new(data: &'static Metadata<'static>, parent: Option<usize>) -> Self {
        Self {
            name: data.name(),
            target: data.target(),
            level: *data.level(),
            parent,
            fields: BTreeMap::new(),
            entered: 0,
            left: 0,
            is_closed: false,
        }
    }

    /// Returns the text of a field; empty if it has none.
    pub(crate) fn get(&self, field: &str) -> &str {
        self.fields.get(field).map_or("", String::as_str)
    }
}

/// A field's value as text.
impl Visit for Seen {
    fn record_debug(&mut self, field: &Field, value: &dyn Debug) {
        let mut text = String::new();
        write!(text, "{value:?}").unwrap();
        self.fields.insert(field.name(), text);
    }

    fn record_str(&mut self, field: &Field, value: &str) {
        self.fields.insert(field.name(), value.to_owned());
    }
}

#[derive(Debug, Default)]
pub(crate) struct All {
    pub(crate) spans: Vec<Seen>,
    pub(crate) events: Vec<Seen>,
}

/// All that a subscriber was given.
#[derive(Clone, Debug, Default)]
pub(crate) struct Collected(Arc<Mutex<All>>);

/// The place of a span among all.
struct At(usize);

impl Collected {
    /// Returns a subscriber that collects here.
    pub(crate) fn subscriber(&self) -> Dispatch {
        Dispatch::new(Registry::default().with(self.clone()))
    }

    /// Polls `future` with such a subscriber.
    pub(crate) fn over<F: Future>(&self, future: F) -> WithDispatch<F> {
        future.with_subscriber(self.subscriber())
    }

    pub(crate) fn all(&self) -> MutexGuard<'_, All> {
        self.0.lock().unwrap()
    }

    /// Returns the spans of a name.
    pub(crate) fn spans(&self, name: &str) -> Vec<Seen> {
        let all = self.all();
        all.spans
            .iter()
            .filter(|s| s.name == name)
            .cloned()
            .collect()
    }

    /// Returns the events of a name.
    pub(crate) fn events(&self, name: &str) -> Vec<Seen> {
        let all = self.all();
        all.events
            .iter()
            .filter(|e| e.name == name)
            .cloned()
            .collect()
    }

    /// Returns the names of all spans and events, each below the one around it and indented.
    pub(crate) fn tree(&self) -> String {
        fn below(all: &All, parent: Option<usize>, depth: usize, tree: &mut String) {
            for (at, span) in all.spans.iter().enumerate() {
                if span.parent == parent {
                    let outcome = span.get("outcome");
                    let name = format!("{}{} {outcome}", "  ".repeat(depth), span.name);
                    writeln!(tree, "{}", name.trim_end()).unwrap();
                    below(all, Some(at), depth + 1, tree);
                }
            }
            for event in all.events.iter().filter(|e| e.parent == parent) {
                writeln!(tree, "{}- {}", "  ".repeat(depth), event.name).unwrap();
            }
        }
        let mut tree = String::new();
        below(&self.all(), None, 0, &mut tree);
        tree
    }

    /// Checks that all spans were left as often as entered, and closed.
    #[track_caller]
    pub(crate) fn all_are_closed(&self) {
        for span in &self.all().spans {
            assert!(span.is_closed && span.entered == span.left, "{span:?}");
        }
    }
}

impl<S> Layer<S> for Collected
where
    S: Subscriber + for<'a> LookupSpan<'a>,
{
    fn on_new_span(&self, attrs: &Attributes<'_>, id: &Id, cx: Context<'_, S>) {
        let span = cx.span(id).unwrap();
        let parent = span.parent().map(|p| p.extensions().get::<At>().unwrap().0);
        let mut seen = Seen::new(attrs.metadata(), parent);
        attrs.record(&mut seen);
        let mut all = self.all();
        span.extensions_mut().insert(At(all.spans.len()));
        all.spans.push(seen);
    }

    fn on_record(&self, id: &Id, values: &Record<'_>, cx: Context<'_, S>) {
        self.of(id, &cx, |seen| values.record(seen));
    }

    fn on_event(&self, event: &Event<'_>, cx: Context<'_, S>) {
        let around = cx.event_span(event);
        let parent = around.map(|span| span.extensions().get::<At>().unwrap().0);
        let mut seen = Seen::new(event.metadata(), parent);
        event.record(&mut seen);
        self.all().events.push(seen);
    }

    fn on_enter(&self, id: &Id, cx: Context<'_, S>) {
        self.of(id, &cx, |seen| seen.entered += 1);
    }

    fn on_exit(&self, id: &Id, cx: Context<'_, S>) {
        self.of(id, &cx, |seen| seen.left += 1);
    }

    fn on_close(&self, id: Id, cx: Context<'_, S>) {
        self.of(&id, &cx, |seen| seen.is_closed = true);
    }
}

impl Collected {
    fn of<S>(&self, id: &Id, cx: &Context<'_, S>, f: impl FnOnce(&mut Seen))
    where
        S: Subscriber + for<'a> LookupSpan<'a>,
    {
        let at = cx.span(id).unwrap().extensions().get::<At>().unwrap().0;
        f(&mut self.all().spans[at]);
    }
}
