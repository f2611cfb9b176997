//! Who gets the metrics, and when.

use metrics::with_local_recorder;
use metrics_exporter_prometheus::PrometheusBuilder;
use resil::metrics::publish;
use resil::retry;

use super::support::Fault;
use super::{here, value};

#[retry(max = 1)]
async fn called() -> Result<u32, Fault> {
    Ok(1)
}

#[tokio::test]
async fn a_recorder_that_is_installed_later_gets_everything_and_each_time_once() {
    for _ in 0..10 {
        called().await.unwrap();
    }
    // There is no recorder yet: nothing is lost by it.
    publish();
    let exporter = PrometheusBuilder::new().install_recorder().unwrap();
    let of = |seen: &str, name: &str| value(seen, name, &[("function", here!(called))]);
    let count = || {
        let seen = exporter.render();
        let calls = [("function", here!(called)), ("outcome", "ok")];
        let calls = value(&seen, "resil_calls_total", &calls);
        let times = of(&seen, "resil_call_seconds_count");
        assert_eq!(calls, times);
        calls
    };
    publish();
    assert_eq!(count(), Some(10.0));
    // One of a scope gets everything too, and takes nothing from the global one.
    called().await.unwrap();
    let local = PrometheusBuilder::new().build_recorder();
    with_local_recorder(&local, publish);
    let seen = local.handle().render();
    assert_eq!(of(&seen, "resil_call_seconds_count"), Some(11.0));
    assert_eq!(of(&seen, "resil_attempts_total"), Some(11.0));
    for _ in 0..3 {
        publish();
        assert_eq!(count(), Some(11.0));
    }
    // And the thread publishes without being asked.
    called().await.unwrap();
    let thread = std::thread::spawn(move || {
        let began = std::time::Instant::now();
        while of(&exporter.render(), "resil_attempts_total") != Some(12.0) {
            assert!(began.elapsed().as_secs() < 60, "it publishes once a second");
            std::thread::sleep(std::time::Duration::from_millis(50));
        }
        exporter.render()
    });
    let seen = thread.join().unwrap();
    assert!(
        seen.contains("# HELP resil_calls_total Calls that have ended"),
        "{seen}"
    );
    assert!(
        seen.contains("# TYPE resil_circuit_state gauge") || !seen.contains("resil_circuit_state")
    );
    assert!(seen.contains("# HELP resil_call_seconds Times of calls"));
}
