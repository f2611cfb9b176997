//! The command line of `examples/checkout`, and its panel over a run. In real time.

#![allow(clippy::disallowed_methods, reason = "sockets live in real time")]

#[path = "../asked.rs"]
mod asked;
#[path = "../chaos.rs"]
mod chaos;
#[path = "../client.rs"]
mod client;
#[path = "../load.rs"]
mod load;
#[allow(dead_code, reason = "nothing here stays until Ctrl-C")]
#[path = "../panel.rs"]
mod panel;
#[path = "../provider.rs"]
mod provider;
#[path = "../report.rs"]
mod report;
#[path = "../run.rs"]
mod run;
#[path = "../sale.rs"]
mod sale;
#[path = "../shop.rs"]
mod shop;
#[path = "../table.rs"]
mod table;
#[path = "../tally.rs"]
mod tally;
#[path = "../weather.rs"]
mod weather;
#[path = "../wire.rs"]
mod wire;

use std::time::Duration;

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio::time::{sleep, timeout};

use asked::Asked;
use run::run;
use table::Paint;

fn asked(line: &str) -> Result<Asked, String> {
    Asked::of(line.split_whitespace().map(str::to_owned)).map_err(|e| e.to_string())
}

#[test]
fn the_options_stand_alone_and_together() {
    let of = |chaos, panel| Ok(Asked { chaos, panel });
    assert_eq!(asked(""), of(None, false));
    assert_eq!(asked("--panel"), of(None, true));
    assert_eq!(asked("--chaos 30%"), of(Some(30.0), false));
    assert_eq!(asked("--panel --chaos 2.5%"), of(Some(2.5), true));
    assert_eq!(asked("--chaos 30% --panel"), of(Some(30.0), true));
    let unknown = "`--panle` is no option: write `--chaos 30%` or `--panel`";
    assert_eq!(asked("--chaos 30% --panle"), Err(unknown.to_owned()));
    for share in ["", "30", "0%", "101%", "--panel"] {
        let told = "`--chaos` takes a share: write `--chaos 30%`";
        assert_eq!(asked(&format!("--chaos {share}")), Err(told.to_owned()));
    }
}

/// While the shops are open, the panel shows the function that sells with the faults that are injected into it.
#[tokio::test(flavor = "multi_thread")]
async fn the_panel_shows_a_run_with_faults() {
    let at = panel::serve().await.unwrap();
    let asked = asked("--chaos 30% --panel").unwrap();
    let selling = run(Paint::new(), &asked);
    let watching = async {
        let path = format!("/resil/api/functions/{}::shop::charge", module_path!());
        let request = format!("GET {path} HTTP/1.1\r\nhost: panel\r\nconnection: close\r\n\r\n");
        loop {
            let mut stream = TcpStream::connect(at).await.unwrap();
            stream.write_all(request.as_bytes()).await.unwrap();
            let mut shown = String::new();
            stream.read_to_string(&mut shown).await.unwrap();
            // Two fifths of the faults are errors.
            if shown.contains("\"injected\":[{") && shown.contains("\"12%\"") {
                return shown;
            }
            sleep(Duration::from_millis(50)).await;
        }
    };
    let seen = async {
        tokio::select! {
            shown = watching => shown,
            broken = selling => panic!("it is over, and the panel has not shown it: {broken:?}"),
        }
    };
    let shown = timeout(Duration::from_secs(120), seen).await.unwrap();
    assert!(shown.starts_with("HTTP/1.1 200"), "{shown}");
}
