//! The output of a run: a line each half second, and the tables at its end.

use std::sync::Arc;
use std::sync::atomic::Ordering::Relaxed;
use std::time::Duration;

use resil::CircuitState;
use tokio::sync::{mpsc, watch};
use tokio::time::{Instant, interval};

use crate::load::{ORDERS, Shop};
use crate::table::{Cell, Paint, Table};
use crate::tally::{Row, Storm, Told};
use crate::weather::Fault;

/// How many blocks long the bar of a shop is.
const BAR: usize = 8;
/// How wide the column of a shop is: bar, paid and gone.
const COLUMN: usize = 29;

/// Prints what the run is about, and the heading of [`live`].
pub(crate) fn opening(paint: Paint, names: [&str; 3]) {
    println!(
        "{ORDERS} customers come to each of three shops, and every fifth clicks twice. The provider fails\n\
         a quarter of all requests, often after it has charged, and is down for a second and a half.\n"
    );
    let columns = names.map(|name| format!("{name:COLUMN$}")).concat();
    let line = format!("  time        {columns}");
    println!("{}", paint.bold(line.trim_end()));
}

/// Prints a line each half second, and one for each change of the circuit. Never returns.
pub(crate) async fn live(
    paint: Paint,
    shops: &[Arc<Shop>; 3],
    up: watch::Receiver<bool>,
    mut circuit: mpsc::UnboundedReceiver<CircuitState>,
) {
    let began = Instant::now();
    let mut tick = interval(Duration::from_millis(500));
    // The first tick comes at once, when there is nothing to tell yet.
    tick.tick().await;
    loop {
        let line = tokio::select! {
            _ = tick.tick() => progress(paint, shops, *up.borrow()),
            Some(state) = circuit.recv() => turn(paint, state),
        };
        println!("{:>5.1}s  {line}", began.elapsed().as_secs_f64());
    }
}

/// Returns a line that shows how far each shop is.
fn progress(paint: Paint, shops: &[Arc<Shop>; 3], up: bool) -> String {
    let provider = if up {
        paint.dim("up  ")
    } else {
        paint.bad("DOWN")
    };
    let columns = shops.each_ref().map(|shop| {
        let paid = shop.paid().len();
        let full = paid * BAR / ORDERS;
        let bar = paint.good(&"█".repeat(full)) + &paint.dim(&"░".repeat(BAR - full));
        let gone = match shop.gave_up.load(Relaxed) {
            0 => " ".repeat(9),
            gone => paint.bad(&format!(" {gone:>3} gone")),
        };
        format!("{bar} {paid:>3} paid{gone}")
    });
    let line = format!("{provider}  {}", columns.join("   "));
    line.trim_end().to_owned()
}

/// Returns a line that tells of a change of the circuit's state.
fn turn(paint: Paint, state: CircuitState) -> String {
    match state {
        CircuitState::Open => paint.warn("the circuit opens: calls are refused"),
        CircuitState::HalfOpen => paint.warn("the circuit is half-open: a probe is let in"),
        CircuitState::Closed => paint.good("the circuit closes: calls pass"),
        other => paint.warn(&format!("the circuit is {other:?}")),
    }
}

/// Prints the closing tables: the orders, and the faults that the weather was made of.
pub(crate) fn closing(paint: Paint, rows: &[Row; 3], storms: &[Storm; 3], told: &Told) {
    println!();
    Table {
        heads: vec![
            ["orders", "asked"],
            ["charges", "made"],
            ["", "replays"],
            ["", "retries"],
            ["circuit", "refusals"],
            ["", "timeouts"],
            ["", "p50"],
            ["", "p99"],
            ["orders", "lost"],
            ["charged", "twice"],
        ],
        rows: rows.iter().map(|row| (row.name, cells(row))).collect(),
    }
    .print(paint);

    let [with, ..] = rows;
    let own = |all: usize, told: usize| format!("{told} by resil, {} by", all - told);
    println!(
        "Without: the same function with no attribute; without key: with no Idempotency-Key either.\n\
         With resil, replays: {} the provider; timeouts: {} the HTTP client.\n\
         Lost: without a charge in the provider's books, or without a receipt. p50, p99: to the receipt.",
        own(with.replays, told.replays.load(Relaxed)),
        own(with.timeouts, told.timeouts.load(Relaxed)),
    );

    println!(
        "\n{}",
        paint.bold("The weather that was made, before and after the charge")
    );
    let mut heads = vec![["connection", "refused"]];
    heads.extend(Fault::SHOWN.map(|(_, kind, when)| [kind, when]));
    let rows = storms.iter().map(|storm| {
        let counts = std::iter::once(&storm.refused).chain(&storm.made);
        (
            storm.name,
            counts.map(|n| Cell::plain(n.to_string())).collect(),
        )
    });
    Table {
        heads,
        rows: rows.collect(),
    }
    .print(paint);
    let least = storms.iter().map(|storm| storm.after_charge).min();
    println!(
        "Of the resets, hangs and drips at least {} % came after the charge.",
        least.unwrap_or(0)
    );
}

fn cells(row: &Row) -> Vec<Cell> {
    vec![
        Cell::count(row.asked),
        Cell::count(row.charges),
        Cell::count(row.replays),
        Cell::count(row.retries),
        Cell::count(row.refusals),
        Cell::count(row.timeouts),
        Cell::plain(readable(row.p50)),
        Cell::plain(readable(row.p99)),
        Cell::harm(row.lost),
        Cell::harm(row.twice),
    ]
}

pub(crate) fn readable(time: Duration) -> String {
    if time < Duration::from_secs(1) {
        format!("{} ms", time.as_millis())
    } else {
        format!("{:.2} s", time.as_secs_f64())
    }
}
