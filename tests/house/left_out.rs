//! Says which tests a run left out, so that none is skipped in silence.

#[path = "../stores/servers/exported.rs"]
mod exported;

use exported::{exported, left_out};

#[test]
fn what_this_run_left_out() {
    for (tests, are_built, name) in [
        ("Redis", cfg!(feature = "redis"), "RESIL_TEST_REDIS"),
        (
            "PostgreSQL",
            cfg!(feature = "postgres"),
            "RESIL_TEST_POSTGRES",
        ),
        (
            "Prometheus",
            cfg!(feature = "metrics"),
            "RESIL_TEST_PROMETHEUS",
        ),
        (
            "a browser",
            cfg!(feature = "panel"),
            "RESIL_TEST_CHROMEDRIVER",
        ),
        ("nginx", cfg!(feature = "client"), "RESIL_TEST_NGINX"),
        ("HAProxy", cfg!(feature = "client"), "RESIL_TEST_HAPROXY"),
    ] {
        if are_built {
            exported(name);
        } else {
            left_out(&format!("tests over {tests}, which this build has not"));
        }
    }
}
