//! Says which tests a run left out, so that none is skipped in silence.

use std::io::Write;

#[test]
fn what_this_run_left_out() {
    let mut left_out = Vec::new();
    for (server, feature, url) in [
        ("Redis", cfg!(feature = "redis"), "RESIL_TEST_REDIS"),
        (
            "PostgreSQL",
            cfg!(feature = "postgres"),
            "RESIL_TEST_POSTGRES",
        ),
        (
            "a browser",
            cfg!(feature = "panel"),
            "RESIL_TEST_CHROMEDRIVER",
        ),
    ] {
        if !feature || std::env::var_os(url).is_none() {
            left_out.push(server);
        }
    }
    if !left_out.is_empty() {
        // Not `eprintln!`: that is kept from view as long as the test passes.
        let servers = left_out.join(" and ");
        let line =
            format!("\nLEFT OUT: the tests over {servers}. `./test` starts them and runs all.\n");
        let _ = std::io::stderr().write_all(line.as_bytes());
    }
}
