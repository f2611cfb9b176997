//! Compares the public API of each crate with the list of it in `docs/api`, or writes the list.
//!
//! `scripts/api` makes the rustdoc JSON that this reads, and calls it with the folder of that JSON and the
//! names of the crates; `--bless` before them writes the lists.

use std::collections::BTreeSet;
use std::error::Error;
use std::path::Path;
use std::process::ExitCode;
use std::{env, fs};

use public_api::Builder;

fn main() -> Result<ExitCode, Box<dyn Error>> {
    let mut args: Vec<String> = env::args().skip(1).collect();
    let bless = args.first().is_some_and(|arg| arg == "--bless");
    if bless {
        args.remove(0);
    }
    let [json, crates @ ..] = args.as_slice() else {
        return Err("usage: [--bless] <folder of the rustdoc JSON> <crate>..".into());
    };
    let mut is_same = true;
    for name in crates {
        let api = list(
            &Path::new(json)
                .join(name.replace('-', "_"))
                .with_extension("json"),
        )?;
        let path = Path::new("docs/api").join(name).with_extension("txt");
        if bless {
            fs::write(&path, &api)?;
            continue;
        }
        let known = fs::read_to_string(&path).unwrap_or_default();
        if known != api {
            is_same = false;
            println!(
                "The public API of {name} is not what {} says:",
                path.display()
            );
            print_difference(&known, &api);
        }
    }
    if is_same {
        return Ok(ExitCode::SUCCESS);
    }
    println!(
        "If that is intended, run `scripts/api --bless`, and name the change in CHANGELOG.md."
    );
    Ok(ExitCode::FAILURE)
}

/// Returns the public items, one a line. Items that every type gets (blanket and auto traits) are left
/// out; `#[doc(hidden)]` items are not in the JSON.
fn list(json: &Path) -> Result<String, Box<dyn Error>> {
    let api = Builder::from_rustdoc_json(json)
        .omit_blanket_impls(true)
        .omit_auto_trait_impls(true)
        .build()
        .map_err(|e| format!("{}: {e}", json.display()))?;
    Ok(api.items().map(|item| format!("{item}\n")).collect())
}

fn print_difference(known: &str, api: &str) {
    let (known, api): (BTreeSet<&str>, BTreeSet<&str>) =
        (known.lines().collect(), api.lines().collect());
    for gone in known.difference(&api) {
        println!("- {gone}");
    }
    for new in api.difference(&known) {
        println!("+ {new}");
    }
}
