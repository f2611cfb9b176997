//! The charts of the page.

use plotters::prelude::*;
use plotters::style::text_anchor::{HPos, Pos, VPos};

use crate::chart::{
    Area, Drawn, FAINT, Frame, INK, MIDDLE, band, colour, font, legend, percent, svg, whole,
};
use crate::policies::Policy;
use crate::scenario::Trigger;
use crate::study::{RAMPED, Run, SWEPT, Study};

/// The colours of the small charts: of what is sent, and of what is of use.
const SENT: RGBColor = RGBColor(0xd5, 0x5e, 0x00);
const USEFUL: RGBColor = RGBColor(0x00, 0x72, 0xb2);
/// The lines under the bars.
const GRID: RGBColor = RGBColor(0xbb, 0xbb, 0xbb);

/// Offered against served load, a small chart a policy.
pub(crate) fn offered_and_served(runs: &[Run]) -> Drawn<String> {
    let rows = runs.len().div_ceil(2);
    let height = 40 + 190 * u32::try_from(rows)?;
    let sent = runs.iter().flat_map(|run| &run.record.seconds);
    let top = sent.map(|s| s.sent).max().unwrap_or(1) as f64 * 1.05;
    svg((960, height), |area| {
        let (head, body) = area.split_vertically(40);
        let entries = [
            (SENT, "requests sent"),
            (USEFUL, "answers that a client waited for"),
            (MIDDLE, "capacity of the servers"),
        ];
        legend(&head, (60, 20), &entries)?;
        for (panel, run) in body.split_evenly((rows, 2)).iter().zip(runs) {
            small(panel, run, top)?;
        }
        Ok(())
    })
}

fn small(panel: &Area<'_>, run: &Run, top: f64) -> Drawn {
    let (title, body) = panel.split_vertically(22);
    let verdict = match run.record.recovered_after() {
        Some(0) => ": well at once".to_owned(),
        Some(seconds) => format!(": well after {seconds} s"),
        None => ": stays down".to_owned(),
    };
    let words = format!("{}{verdict}", run.policy.name());
    title.draw(&Text::new(words, (58, 5), font(14.0, INK)))?;
    let seconds = &run.record.seconds;
    let frame = Frame {
        x: 0.0..seconds.len() as f64,
        y: 0.0..top,
        x_labels: 7,
        y_labels: 5,
        x_says: "",
        y_says: "",
        x_format: |s| format!("{s:.0} s"),
        y_format: whole,
    };
    let mut axes = frame.draw(&body)?;
    band(&mut axes, top)?;
    let line = |of: fn(&crate::record::Second) -> u64| {
        let points = seconds.iter().enumerate();
        points.map(move |(n, s)| (n as f64 + 0.5, of(s) as f64))
    };
    axes.draw_series(AreaSeries::new(line(|s| s.useful), 0.0, USEFUL.mix(0.35)))?;
    axes.draw_series(LineSeries::new(line(|s| s.useful), USEFUL.stroke_width(2)))?;
    axes.draw_series(LineSeries::new(line(|s| s.sent), SENT.stroke_width(2)))?;
    let capacity = run.scenario.capacity_a_second();
    let ends = [(0.0, capacity), (seconds.len() as f64, capacity)];
    axes.draw_series(DashedLineSeries::new(ends, 6, 4, MIDDLE.stroke_width(1)))?;
    Ok(())
}

/// The share of the calls that is answered, second by second.
pub(crate) fn answered(runs: &[Run], policies: &[Policy]) -> Drawn<String> {
    svg((960, 360), |area| {
        let (head, body) = area.split_vertically(40);
        legend(&head, (70, 20), &entries(policies))?;
        let frame = Frame {
            x: 0.0..60.0,
            y: 0.0..102.0,
            x_labels: 13,
            y_labels: 6,
            x_says: "seconds",
            y_says: "calls answered",
            x_format: whole,
            y_format: percent,
        };
        let mut axes = frame.draw(&body)?;
        band(&mut axes, 102.0)?;
        for run in runs.iter().filter(|run| policies.contains(&run.policy)) {
            let points = run.record.seconds.iter().enumerate().map(|(n, s)| {
                (
                    n as f64 + 0.5,
                    s.answered as f64 * 100.0 / s.calls.max(1) as f64,
                )
            });
            let width = if run.policy == Policy::Once { 6 } else { 2 };
            let style = colour(run.policy).stroke_width(width);
            axes.draw_series(LineSeries::new(points, style))?;
        }
        Ok(())
    })
}

fn entries(policies: &[Policy]) -> Vec<(RGBColor, &'static str)> {
    let entry = |policy: &Policy| (colour(*policy), policy.name());
    policies.iter().map(entry).collect()
}

/// Where lines of several policies lie on each other, each one shows beside the next.
fn width(policy: Policy) -> u32 {
    match policy {
        Policy::Once => 9,
        Policy::Budget => 6,
        Policy::Circuit => 4,
        _ => 2,
    }
}

/// A bar, with words behind it.
struct Bar {
    value: f64,
    colour: RGBColor,
    says: String,
}

/// Draws a group of bars for each word at the left, up to `top`.
fn bars(area: &Area<'_>, rows: &[(&str, Vec<Bar>)], top: f64, lines: &[(f64, &str)]) -> Drawn {
    const LEFT: i32 = 150;
    const WIDTH: f64 = 640.0;
    const ROW: i32 = 40;
    #[expect(clippy::cast_possible_truncation, reason = "pixels")]
    let x = |value: f64| LEFT + (value / top * WIDTH) as i32;
    let bottom = 24 + ROW * i32::try_from(rows.len())?;
    for (value, says) in lines {
        let ends = vec![(x(*value), 20), (x(*value), bottom)];
        area.draw(&PathElement::new(ends, GRID.stroke_width(1)))?;
        let at = (x(*value) + 4, 6);
        area.draw(&Text::new((*says).to_owned(), at, font(12.0, INK)))?;
    }
    for (y, (name, bars)) in (24..).step_by(40).zip(rows) {
        area.draw(&Text::new(
            (*name).to_owned(),
            (16, y + 12),
            font(13.0, INK),
        ))?;
        let height = (ROW - 8) / i32::try_from(bars.len())?;
        for (n, bar) in (0..).zip(bars) {
            let top = y + 4 + n * height;
            let corners = [(LEFT, top), (x(bar.value), top + height - 2)];
            area.draw(&Rectangle::new(corners, bar.colour.filled()))?;
            let at = (x(bar.value) + 6, top + (height - 2) / 2 - 7);
            let wide = i32::try_from(bar.says.len())? * 7;
            let under = [(at.0 - 4, at.1), (at.0 + wide, at.1 + 14)];
            area.draw(&Rectangle::new(under, WHITE.filled()))?;
            area.draw(&Text::new(bar.says.clone(), at, font(12.0, INK)))?;
        }
    }
    let axis = vec![(LEFT, 20), (LEFT, bottom)];
    area.draw(&PathElement::new(axis, MIDDLE.stroke_width(1)))?;
    Ok(())
}

/// How many requests a call costs from the trigger on.
pub(crate) fn requests_a_call(runs: &[Run]) -> Drawn<String> {
    let row = |run: &Run| {
        let value = run.record.requests_a_call();
        let says = format!("{value:.2}");
        let colour = colour(run.policy);
        (
            run.policy.name(),
            vec![Bar {
                value,
                colour,
                says,
            }],
        )
    };
    let rows: Vec<_> = runs.iter().map(row).collect();
    let height = 40 + 40 * u32::try_from(rows.len())?;
    let lines = [(1.1, "1.1"), (2.0, "2"), (4.0, "4")];
    svg((960, height), |area| bars(area, &rows, 4.2, &lines))
}

/// How long it takes until all is well again, for both triggers.
pub(crate) fn time_to_recover(study: &Study) -> Drawn<String> {
    let bar = |run: &Run, faint: bool| {
        let colour = colour(run.policy);
        let after = run.record.recovered_after();
        let trigger = match run.scenario.trigger {
            Trigger::Spike => "spike",
            _ => "outage",
        };
        Bar {
            value: after.map_or(45.0, |s| s as f64),
            colour: if faint { paler(colour) } else { colour },
            says: match after {
                Some(seconds) => format!("{seconds} s after the {trigger}"),
                None => format!("{trigger}: stays down"),
            },
        }
    };
    let rows: Vec<_> = Policy::ALL
        .iter()
        .map(|&policy| {
            let (outage, spike) = (study.outage(policy), study.spike(policy));
            (policy.name(), vec![bar(outage, false), bar(spike, true)])
        })
        .collect();
    let height = 40 + 40 * u32::try_from(rows.len())?;
    let lines = [(15.0, "15 s"), (30.0, "30 s"), (45.0, "end")];
    svg((960, height), |area| bars(area, &rows, 45.0, &lines))
}

/// Returns the colour half way to white.
fn paler(colour: RGBColor) -> RGBColor {
    let half = |part: u8| part / 2 + 127;
    RGBColor(half(colour.0), half(colour.1), half(colour.2))
}

/// Where the metastable state begins: the calls that are answered half a minute after the trigger, by how busy
/// the servers were before it.
pub(crate) fn sweep(study: &Study) -> Drawn<String> {
    svg((960, 400), |area| {
        let (head, body) = area.split_vertically(40);
        legend(&head, (70, 20), &entries(&SWEPT))?;
        let frame = Frame {
            x: 5.0..95.0,
            y: 0.0..104.0,
            x_labels: 10,
            y_labels: 6,
            x_says: "utilisation before the outage",
            y_says: "calls answered in the end",
            x_format: percent,
            y_format: percent,
        };
        let mut axes = frame.draw(&body)?;
        for (at, says) in [(25.0, "a quarter"), (50.0, "a half")] {
            let ends = [(at, 0.0), (at, 104.0)];
            axes.draw_series(DashedLineSeries::new(ends, 4, 4, MIDDLE.stroke_width(1)))?;
            let style = font(13.0, INK).pos(Pos::new(HPos::Left, VPos::Center));
            axes.draw_series([Text::new(says, (at + 0.8, 30.0), style)])?;
        }
        for policy in SWEPT {
            let points: Vec<_> = study
                .swept(policy)
                .map(|(at, run)| (at as f64, run.record.answered_at_last() * 100.0))
                .collect();
            let colour = colour(policy);
            let style = colour.stroke_width(width(policy));
            axes.draw_series(LineSeries::new(points.iter().copied(), style))?;
            let dot = |&at| Circle::new(at, 3, colour.filled());
            axes.draw_series(points.iter().map(dot))?;
        }
        Ok(())
    })
}

/// The calls that are answered, by the calls that come, while the load rises and falls again.
pub(crate) fn ramp(study: &Study) -> Drawn<String> {
    svg((960, 480), |area| {
        let (head, body) = area.split_vertically(40);
        legend(&head, (70, 20), &entries(&RAMPED))?;
        let frame = Frame {
            x: 0.0..118.0,
            y: 0.0..108.0,
            x_labels: 12,
            y_labels: 6,
            x_says: "calls, in percent of the capacity",
            y_says: "calls answered, of the capacity",
            x_format: percent,
            y_format: percent,
        };
        let mut axes = frame.draw(&body)?;
        let ideal = [(0.0, 0.0), (100.0, 100.0), (118.0, 100.0)];
        axes.draw_series(LineSeries::new(ideal, FAINT.stroke_width(6)))?;
        for policy in RAMPED {
            let course = study.ramp(policy).course(8);
            let half = course.len() / 2;
            let colour = colour(policy);
            // Up: a thin line. Down: a thick one.
            let up = course[..=half].iter().copied();
            axes.draw_series(DashedLineSeries::new(up, 5, 4, colour.stroke_width(2)))?;
            let down = course[half..].iter().copied();
            axes.draw_series(LineSeries::new(down, colour.stroke_width(3)))?;
        }
        let words = [
            (4.0, 103.0, "dashed: the load rises"),
            (4.0, 97.0, "solid: it falls again"),
            (
                38.0,
                7.0,
                "naive retries: still down, at loads that were served well",
            ),
        ];
        for (x, y, says) in words {
            axes.draw_series([Text::new(says, (x, y), font(13.0, INK))])?;
        }
        Ok(())
    })
}
