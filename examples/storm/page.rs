//! The page: every chart, with a sentence or two on what it shows, and the table of the figures.

use std::fmt::Write;

use crate::chart::Drawn;
use crate::plots;
use crate::policies::Policy;
use crate::scenario::{
    CLIENTS_A_PROCESS, LONG_QUEUE, PATIENCE_MS, SHORT_QUEUE, USUAL_PERCENT, WORKERS,
};
use crate::server::{SLOW_MS, USUAL_MS, capacity_in_thousandths};
use crate::study::Study;
use crate::table::{self, percent};

pub(crate) struct Chart {
    pub(crate) file: &'static str,
    pub(crate) title: &'static str,
    pub(crate) says: String,
    pub(crate) svg: String,
}

/// Draws all charts.
pub(crate) fn charts(study: &Study) -> Drawn<Vec<Chart>> {
    const LINES: [Policy; 6] = [
        Policy::Once,
        Policy::Naive,
        Policy::Budget,
        Policy::Circuit,
        Policy::Bulkhead,
        Policy::Hedge,
    ];
    let requests = |policy| study.outage(policy).record.requests_a_call();
    let since = |policy| percent(study.spike(policy).record.answered_since());
    let from = |policy| match study.stays_down_from(policy) {
        Some(at) => format!("not well from {at} % on"),
        None => "well everywhere".to_owned(),
    };
    let turns = study.ramp(Policy::Naive).hysteresis();
    let load = |at: Option<u64>| at.map_or("never".to_owned(), |at| format!("at {at} %"));
    Ok(vec![
        Chart {
            file: "policies.svg",
            title: "Offered against served load",
            says: format!(
                "From second 10 to 15 (shaded) the servers stand still. Their queues fill, and what is in them \
                 is soon older than any client's patience. Then the servers work again, at full capacity. With \
                 naive retries each call is sent {:.1} times, that is {:.1} times as much as the servers can do: \
                 all answers come too late, so all calls are sent again. It does not end. Back-off and jitter \
                 spread the retries over time, but they send as many. A budget sends {:.2} requests a call, \
                 and the queues run empty.",
                requests(Policy::Naive),
                requests(Policy::Naive) * USUAL_PERCENT as f64 / 100.0,
                requests(Policy::Budget),
            ),
            svg: plots::offered_and_served(&study.outage)?,
        },
        Chart {
            file: "answered.svg",
            title: "Calls that are answered",
            says: format!(
                "Here for five seconds there are three times as many calls (shaded). A circuit and a bulkhead refuse what \
                 the servers can't do, so that these never fall far behind: from the spike to the end \
                 {} and {} of the calls are answered, against {} with a budget alone. The budget adds little load, \
                 and takes none away: with it the fleet comes back about as fast as without a policy ({}).",
                since(Policy::Circuit),
                since(Policy::Bulkhead),
                since(Policy::Budget),
                since(Policy::Once),
            ),
            svg: plots::answered(&study.spike, &LINES)?,
        },
        Chart {
            file: "requests.svg",
            title: "Requests a call",
            says: format!(
                "Attempts and copies that were sent for each call, from the outage to the end. With a budget \
                 it is no more than a tenth above one, without it several times as much. A hedge without a budget \
                 doubles the load ({:.2}) when all answers are late; resil's has a budget of a tenth.",
                requests(Policy::Copies),
            ),
            svg: plots::requests_a_call(&study.outage)?,
        },
        Chart {
            file: "recovery.svg",
            title: "Time to recover",
            says: "From the end of the trigger until 95 % of the calls of each second are answered, and stay so. \
                   Upper bar: the outage. Lower, paler bar: the spike of three times as many calls."
                .to_owned(),
            svg: plots::time_to_recover(study)?,
        },
        Chart {
            file: "sweep.svg",
            title: "Where the metastable state begins",
            says: format!(
                "The same outage at other utilisations, and the calls that are answered in the last ten seconds, a \
                 minute later. With four attempts a call, a fleet that is down needs four times the capacity of one \
                 that is well: where it is busier than a quarter it can't come back by itself ({}). With \
                 two copies and no budget the border is a half ({}). A budget moves it up to where the little that \
                 it lets through is too much: that of a hedge is a tenth of all calls ({}), that of a retry some \
                 for each call that succeeds ({}). Where calls are refused there is no such state.",
                from(Policy::Naive),
                from(Policy::Copies),
                from(Policy::Hedge),
                from(Policy::Budget),
            ),
            svg: plots::sweep(study)?,
        },
        Chart {
            file: "ramp.svg",
            title: "Down is another way than up",
            says: format!(
                "No outage: the load rises for four minutes to 110 % of the capacity, and falls again. The grey line \
                 is what the servers can do. With naive retries the fleet is lost {} on the way up, and comes \
                 back {} on the way down. That is the metastable state: between the two, the same load is \
                 served well or not at all, by what was before. The usual stack follows the grey line both ways.",
                load(turns.lost_at),
                load(turns.back_at),
            ),
            svg: plots::ramp(study)?,
        },
    ])
}

const STYLE: &str = "
:root { color-scheme: light dark; --ink: #222; --paper: #fff; --line: #ccc; --soft: #666 }
@media (prefers-color-scheme: dark) {
  :root { --ink: #e8e8e8; --paper: #181818; --line: #444; --soft: #aaa }
}
body { font: 16px/1.55 system-ui, sans-serif; color: var(--ink); background: var(--paper);
  max-width: 62rem; margin: 0 auto; padding: 1.5rem 1rem 4rem }
h1 { line-height: 1.2 } h2 { margin-top: 2.5rem }
figure { margin: 1rem 0; background: #fff; border: 1px solid var(--line); border-radius: 6px;
  padding: .5rem; overflow-x: auto }
figure svg { display: block; width: 100%; height: auto; min-width: 36rem }
.scroll { overflow-x: auto }
table { border-collapse: collapse; width: 100%; font-variant-numeric: tabular-nums }
th, td { text-align: right; padding: .35rem .6rem; border-bottom: 1px solid var(--line) }
th:first-child, td:first-child { text-align: left }
code { font-size: .9em } .soft { color: var(--soft) }
";

/// The sources, as links.
const SOURCES: &str = r#"<ul>
<li>N. Bronson, A. Aghayev, A. Charapko, T. Zhu: <a href="https://sigops.org/s/conferences/hotos/2021/papers/hotos21-s11-bronson.pdf">Metastable Failures in Distributed Systems</a>, HotOS 2021. The trigger, the sustaining effect, and states that are stable, vulnerable or metastable.</li>
<li>L. Huang et al.: <a href="https://www.usenix.org/conference/osdi22/presentation/huang-lexiang">Metastable Failures in the Wild</a>, OSDI 2022. Retries are the sustaining effect in more than half of the incidents.</li>
<li>M. Brooker: <a href="https://aws.amazon.com/builders-library/timeouts-retries-and-backoff-with-jitter/">Timeouts, retries, and backoff with jitter</a>, Amazon Builders' Library. The token bucket of the AWS SDKs, which resil's budget follows.</li>
</ul>
"#;

/// Writes the page, with the charts in it.
pub(crate) fn html(study: &Study, charts: &[Chart]) -> String {
    let mut out = format!(
        "<!doctype html>\n<html lang=\"en\">\n<meta charset=\"utf-8\">\n\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n\
         <title>A retry storm, and what ends it</title>\n<style>{STYLE}</style>\n\
         <h1>A retry storm, and what ends it</h1>\n"
    );
    model(&mut out, study);
    figures(&mut out, study);
    for chart in charts {
        let Chart { title, says, .. } = chart;
        let start = chart.svg.find("<svg").unwrap_or(0);
        let svg = chart.svg[start..].replacen(
            "<svg ",
            &format!("<svg role=\"img\" aria-label=\"{title}\" "),
            1,
        );
        let _ = write!(
            out,
            "<h2>{title}</h2>\n<p>{says}</p>\n<figure>{svg}</figure>\n"
        );
    }
    out.push_str("<h2>The policies</h2>\n<div class=\"scroll\"><table>\n");
    for policy in Policy::ALL {
        let (name, stack) = (policy.name(), policy.attributes());
        let _ = writeln!(
            out,
            "<tr><td>{name}</td><td style=\"text-align:left\"><code>{stack}</code></td></tr>"
        );
    }
    out.push_str("</table></div>\n<h2>Sources</h2>\n");
    out.push_str(SOURCES);
    out
}

fn model(out: &mut String, study: &Study) {
    let clients = study.size.clients;
    let scenario = study.outage(Policy::Once).scenario;
    let _ = write!(
        out,
        "<p>{clients} clients in {processes} processes of {CLIENTS_A_PROCESS} call {servers} servers. All calls \
         together keep the servers {USUAL_PERCENT} % busy. Something goes wrong for five seconds, and is over. \
         Then some fleets come back, and some never do, although nothing is broken any more. They differ in \
         one thing: the policy under which they call. The policies are resil's own code; the clients and the \
         servers are a model on paused time, and seed {seed} gives these figures again.</p>\n\
         <p class=\"soft\">The model. A server has {WORKERS} workers and a queue of {LONG_QUEUE} requests, first \
         come, first served; more are turned away at once. A request takes {low} to {high} ms, three in a hundred \
         {SLOW_MS} ms: {capacity} a second and server. A client waits {PATIENCE_MS} ms for an attempt. The server \
         does not learn that it has gone, and works for it all the same. Clients come at their own times, \
         however the last call went. Each process has a breaker, a bulkhead and a retry budget of its own; the \
         hedges share one budget.</p>\n",
        processes = scenario.processes(),
        servers = scenario.servers(),
        seed = study.seed,
        low = USUAL_MS.0,
        high = USUAL_MS.1,
        capacity = capacity_in_thousandths() / 1_000,
    );
}

fn figures(out: &mut String, study: &Study) {
    out.push_str("<h2>The figures</h2>\n<div class=\"scroll\"><table>\n<tr>");
    for head in table::HEADS {
        let _ = write!(out, "<th>{head}</th>");
    }
    out.push_str("</tr>\n");
    for row in table::rows(study) {
        out.push_str("<tr>");
        for cell in row {
            let _ = write!(out, "<td>{cell}</td>");
        }
        out.push_str("</tr>\n");
    }
    let _ = write!(
        out,
        "</table></div>\n<p>“Before” is the calm before the outage, “since” from its beginning to the end of the \
         minute, “in the end” its last ten seconds. The last row is the same outage with naive retries, \
         where the servers queue {SHORT_QUEUE} requests in place of {LONG_QUEUE}: less than the clients' patience. \
         Then no work is wasted, and the fleet comes back whatever the clients do.</p>\n"
    );
}
