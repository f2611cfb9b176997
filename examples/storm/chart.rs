//! What all charts have in common: colours, a frame with axes, a legend.

use std::error::Error;
use std::ops::Range;

use plotters::coord::Shift;
use plotters::coord::types::RangedCoordf64;
use plotters::prelude::*;

use crate::policies::Policy;
use crate::scenario::TRIGGER_MS;

pub(crate) type Drawn<T = ()> = Result<T, Box<dyn Error>>;
pub(crate) type Area<'a> = DrawingArea<SVGBackend<'a>, Shift>;
pub(crate) type Axes<'a, 'b> =
    ChartContext<'a, SVGBackend<'b>, Cartesian2d<RangedCoordf64, RangedCoordf64>>;

pub(crate) const INK: RGBColor = RGBColor(0x22, 0x22, 0x22);
pub(crate) const FAINT: RGBColor = RGBColor(0xe4, 0xe4, 0xe4);
pub(crate) const MIDDLE: RGBColor = RGBColor(0x77, 0x77, 0x77);
const BAND: RGBColor = RGBColor(0xf3, 0xe6, 0xd0);

/// The colour of a policy in all charts. The palette is that of Okabe and Ito, which people see apart who do
/// not see all colours; ways to call that stay down are warm, those that come back are cold.
pub(crate) const fn colour(policy: Policy) -> RGBColor {
    match policy {
        Policy::Once => MIDDLE,
        Policy::Naive => RGBColor(0xd5, 0x5e, 0x00),
        Policy::Backoff => RGBColor(0xe6, 0x9f, 0x00),
        Policy::Jitter => RGBColor(0x9c, 0x6b, 0x00),
        Policy::Copies => RGBColor(0x88, 0x22, 0x55),
        Policy::Budget => RGBColor(0x00, 0x72, 0xb2),
        Policy::Circuit => RGBColor(0x00, 0x9e, 0x73),
        Policy::Bulkhead => RGBColor(0xcc, 0x79, 0xa7),
        Policy::Hedge => RGBColor(0x56, 0xb4, 0xe9),
        Policy::Usual => RGBColor(0, 0, 0),
    }
}

/// Text of so many pixels.
pub(crate) fn font(pixels: f64, colour: RGBColor) -> TextStyle<'static> {
    // The backend divides sizes by this.
    ("sans-serif", pixels * 1.24).into_font().color(&colour)
}

/// Draws an SVG of this size.
pub(crate) fn svg(size: (u32, u32), draw: impl FnOnce(&Area<'_>) -> Drawn) -> Drawn<String> {
    let mut text = String::new();
    let area = SVGBackend::with_string(&mut text, size).into_drawing_area();
    area.fill(&WHITE)?;
    draw(&area)?;
    area.present()?;
    drop(area);
    Ok(text)
}

/// The words at the axes of a chart, and the number of labels there.
pub(crate) struct Frame<'a> {
    pub(crate) x: Range<f64>,
    pub(crate) y: Range<f64>,
    pub(crate) x_labels: usize,
    pub(crate) y_labels: usize,
    pub(crate) x_says: &'a str,
    pub(crate) y_says: &'a str,
    pub(crate) x_format: fn(&f64) -> String,
    pub(crate) y_format: fn(&f64) -> String,
}

impl Frame<'_> {
    pub(crate) fn draw<'a, 'b>(&self, area: &'a Area<'b>) -> Drawn<Axes<'a, 'b>> {
        let bottom = if self.x_says.is_empty() { 26 } else { 46 };
        let left = if self.y_says.is_empty() { 50 } else { 68 };
        let mut axes = ChartBuilder::on(area)
            .margin_top(6)
            .margin_right(18)
            .margin_left(8)
            .x_label_area_size(bottom)
            .y_label_area_size(left)
            .build_cartesian_2d(self.x.clone(), self.y.clone())?;
        axes.configure_mesh()
            .disable_x_mesh()
            .light_line_style(TRANSPARENT)
            .bold_line_style(FAINT)
            .axis_style(MIDDLE)
            .x_labels(self.x_labels)
            .y_labels(self.y_labels)
            .x_desc(self.x_says)
            .y_desc(self.y_says)
            .x_label_formatter(&self.x_format)
            .y_label_formatter(&self.y_format)
            .label_style(font(12.0, INK))
            .axis_desc_style(font(13.0, INK))
            .draw()?;
        Ok(axes)
    }
}

/// Marks the seconds of the trigger.
pub(crate) fn band(axes: &mut Axes<'_, '_>, top: f64) -> Drawn {
    let (from, to) = TRIGGER_MS;
    let corners = [(from as f64 / 1_000.0, 0.0), (to as f64 / 1_000.0, top)];
    axes.draw_series([Rectangle::new(corners, BAND.filled())])?;
    Ok(())
}

/// Draws a legend in one line, from `at` on: a stroke of each colour, and its word.
pub(crate) fn legend(area: &Area<'_>, at: (i32, i32), entries: &[(RGBColor, &str)]) -> Drawn {
    let (mut x, y) = at;
    for (colour, word) in entries {
        let stroke = [(x, y - 4), (x + 16, y + 4)];
        area.draw(&Rectangle::new(stroke, colour.filled()))?;
        area.draw(&Text::new(
            (*word).to_owned(),
            (x + 21, y - 6),
            font(13.0, INK),
        ))?;
        x += 40 + i32::try_from(word.len()).unwrap_or(0) * 13 / 2;
    }
    Ok(())
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "plotters passes it so")]
pub(crate) fn percent(share: &f64) -> String {
    format!("{share:.0} %")
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "plotters passes it so")]
pub(crate) fn whole(number: &f64) -> String {
    format!("{number:.0}")
}
