//! `examples/opentelemetry.rs`: the trace that `tracing-opentelemetry` exports.

#[allow(dead_code, reason = "its `main`")]
#[path = "../../examples/opentelemetry.rs"]
mod opentelemetry;

use ::opentelemetry::trace::SpanKind;

use self::opentelemetry::{one_trace, tree};

#[tokio::test(start_paused = true)]
async fn the_example_exports_one_trace() {
    let spans = one_trace().await;
    assert_eq!(
        tree(&spans),
        "\
checkout
  resil.call outcome=ok attempts=3
    resil.attempt ERROR attempt=1 outcome=error error.type=tracing::telemetry::opentelemetry::PayError
      POST
    resil.attempt ERROR attempt=2 http.request.resend_count=1 policy=timeout outcome=timeout error.type=timeout
      POST
    resil.attempt attempt=3 http.request.resend_count=2 outcome=ok
      POST
    - an attempt failed and another one follows
    - the limit has passed
    - an attempt failed and another one follows
    - an attempt succeeded after others had failed
"
    );
    let trace = spans[0].span_context.trace_id();
    assert!(
        spans
            .iter()
            .all(|span| span.span_context.trace_id() == trace)
    );
    for span in &spans {
        let kind = match &*span.name {
            "checkout" | "POST" => SpanKind::Client,
            _ => SpanKind::Internal,
        };
        assert_eq!(span.span_kind, kind, "{}", span.name);
        let has = |key| span.attributes.iter().any(|a| a.key.as_str() == key);
        assert!(!has("otel.status_code"), "it is the status");
        assert_eq!(has("function"), span.name.starts_with("resil."));
    }
}
