//! One trace through a client, a call with resil's policies, and its three attempts, as OpenTelemetry
//! exports it.
//!
//! ```text
//! cargo run --example opentelemetry --features tracing
//! ```
//!
//! The exporter keeps the spans in memory, and `main` prints them. A program exports them by OTLP, with the
//! crate `opentelemetry-otlp`: `with_batch_exporter(..)` in the place of `with_simple_exporter(..)`. Nothing
//! here is about resil but its feature `tracing`.

use std::collections::BTreeMap;
use std::fmt::Write;

use opentelemetry::trace::{SpanId, Status, TracerProvider};
use opentelemetry_sdk::trace::{InMemorySpanExporter, SdkTracerProvider, SpanData};
use resil::{retry, timeout};
use tracing::instrument::WithSubscriber;
use tracing::{Instrument, info_span, instrument};
use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::registry::Registry;

#[derive(Debug, thiserror::Error)]
enum PayError {
    #[error("the bank is busy")]
    Busy,
    #[error(transparent)]
    Resil(#[from] resil::Error),
}

/// A bank that is busy at first, then hangs, and then answers.
#[derive(Default)]
struct Bank(std::sync::atomic::AtomicU32);

impl Bank {
    /// Sends a request. A client with OpenTelemetry makes such a span by itself.
    #[instrument(
        name = "POST",
        skip_all,
        fields(otel.kind = "client", http.request.method = "POST", url.path = "/charges")
    )]
    async fn post(&self) -> Result<u32, PayError> {
        match self.0.fetch_add(1, std::sync::atomic::Ordering::Relaxed) {
            0 => Err(PayError::Busy),
            1 => std::future::pending().await,
            _ => Ok(4_711),
        }
    }
}

#[retry(exponential, max = 5, base = 20ms)]
#[timeout(50ms)]
async fn charge(bank: &Bank) -> Result<u32, PayError> {
    bank.post().await
}

/// Charges an order, and returns the spans of that trace.
pub(crate) async fn one_trace() -> Vec<SpanData> {
    let exporter = InMemorySpanExporter::default();
    let provider = SdkTracerProvider::builder()
        .with_simple_exporter(exporter.clone())
        .build();
    let layer = tracing_opentelemetry::layer().with_tracer(provider.tracer("checkout"));
    // A program sets it once for all: `tracing::subscriber::set_global_default(subscriber)`.
    let subscriber = Registry::default().with(layer);

    let order = async {
        let span = info_span!("checkout", otel.kind = "client");
        let bank = Bank::default();
        async { charge(&bank).await }.instrument(span).await
    };
    let receipt = order.with_subscriber(subscriber).await;
    println!("the receipt: {receipt:?}");

    provider
        .force_flush()
        .expect("a span in memory is exported");
    exporter
        .get_finished_spans()
        .expect("nothing panicked with the spans")
}

/// Returns the spans as a tree: the name of each, its status, and what resil has written down.
pub(crate) fn tree(spans: &[SpanData]) -> String {
    fn below(
        parent: SpanId,
        depth: usize,
        children: &BTreeMap<[u8; 8], Vec<&SpanData>>,
        tree: &mut String,
    ) {
        for span in children.get(&parent.to_bytes()).into_iter().flatten() {
            let status = match span.status {
                Status::Error { .. } => " ERROR",
                _ => "",
            };
            let told = span.attributes.iter().filter(|attribute| {
                ["outcome", "attempt", "attempts", "policy", "error.type"]
                    .contains(&attribute.key.as_str())
                    || attribute.key.as_str() == "http.request.resend_count"
            });
            let told: Vec<_> = told.map(|a| format!(" {}={}", a.key, a.value)).collect();
            let told = told.concat();
            let indent = "  ".repeat(depth);
            let _ = writeln!(tree, "{indent}{}{status}{told}", span.name);
            below(span.span_context.span_id(), depth + 1, children, tree);
            for event in span.events.iter() {
                let _ = writeln!(tree, "{indent}  - {}", event.name);
            }
        }
    }
    let mut children = BTreeMap::<_, Vec<_>>::new();
    for span in spans {
        let siblings = children.entry(span.parent_span_id.to_bytes());
        siblings.or_default().push(span);
    }
    for siblings in children.values_mut() {
        siblings.sort_by_key(|span| span.start_time);
    }
    let mut tree = String::new();
    below(SpanId::INVALID, 0, &children, &mut tree);
    tree
}

#[tokio::main]
async fn main() {
    print!("{}", tree(&one_trace().await));
}
