//! What the command line asks for.

use std::error::Error;

/// What the command line asks for.
#[derive(Debug, Default, PartialEq)]
pub(crate) struct Asked {
    /// `--chaos 30%`: the share of runs into which a fault is injected, in percent.
    pub(crate) chaos: Option<f64>,
    /// `--panel`: whether the web panel is served.
    pub(crate) panel: bool,
}

impl Asked {
    /// Reads the arguments, without the name of the program.
    pub(crate) fn of(arguments: impl IntoIterator<Item = String>) -> Result<Self, Box<dyn Error>> {
        let (mut asked, mut arguments) = (Self::default(), arguments.into_iter());
        while let Some(argument) = arguments.next() {
            match argument.as_str() {
                "--panel" => asked.panel = true,
                "--chaos" => asked.chaos = Some(share(&arguments.next().unwrap_or_default())?),
                other => {
                    let told = format!("`{other}` is no option: write `--chaos 30%` or `--panel`");
                    return Err(told.into());
                }
            }
        }
        Ok(asked)
    }
}

fn share(text: &str) -> Result<f64, Box<dyn Error>> {
    let percent: Option<f64> = text.strip_suffix('%').and_then(|text| text.parse().ok());
    percent
        .filter(|percent| *percent > 0.0 && *percent <= 100.0)
        .ok_or_else(|| "`--chaos` takes a share: write `--chaos 30%`".into())
}
