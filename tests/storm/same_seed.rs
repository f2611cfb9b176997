//! The same seed gives the same page, byte by byte, and the page holds what it needs.

use crate::page;
use crate::policies::Policy;
use crate::study::Study;
use crate::{FIRST, SECOND, SIZE, table};

fn page_of(study: &Study) -> String {
    let charts = page::charts(study).expect("a string takes all");
    page::html(study, &charts)
}

#[test]
fn the_same_seed_gives_the_same_page_and_another_seed_another() {
    let first = page_of(&FIRST);
    let again = Study::run(SIZE, FIRST.seed);
    // Not `assert_eq`, which would print both.
    assert!(page_of(&again) == first, "the same seed");
    assert_eq!(table::text(&again), table::text(&FIRST));
    assert!(page_of(&SECOND) != first, "another seed");
}

#[test]
fn the_page_stands_alone_and_has_all_charts_and_figures() {
    let charts = page::charts(&FIRST).unwrap();
    let html = page::html(&FIRST, &charts);
    assert_eq!(html.matches("<svg ").count(), charts.len());
    assert_eq!(html.matches("</svg>").count(), charts.len());
    assert_eq!(html.matches("<h2>").count(), charts.len() + 3);
    for chart in &charts {
        assert!(html.contains(&chart.says), "{}", chart.file);
        assert!(html.contains(&format!("aria-label=\"{}\"", chart.title)));
    }
    for row in table::rows(&FIRST) {
        for cell in row {
            assert!(html.contains(&format!("<td>{cell}</td>")), "{cell}");
        }
    }
    for policy in Policy::ALL {
        assert!(html.contains(policy.attributes()), "{policy:?}");
    }
    // Links lead elsewhere; nothing is loaded from there.
    for loads in ["src=", "<link", "@import", "url(", "<script"] {
        assert!(!html.contains(loads), "{loads}");
    }
}

#[test]
fn each_policy_has_a_colour_of_its_own() {
    let colours = Policy::ALL.map(|policy| {
        let c = crate::chart::colour(policy);
        (c.0, c.1, c.2)
    });
    for (n, colour) in colours.iter().enumerate() {
        assert!(!colours[..n].contains(colour), "{:?}", Policy::ALL[n]);
    }
}
