//! Files with a fault: each is refused with its line, its key and what to write instead, and the settings of
//! before stay in force.
//!
//! `broken/*.toml` are the files, and `*.txt` beside them what is told. `RESIL_BLESS=1` writes these anew.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::PoisonError;

use resil::control;
use resil::control::LayerInForce;

use crate::FILE;
use crate::functions::{call_all, path};

fn in_force() -> Vec<LayerInForce> {
    let mut all = control().in_force();
    all.retain(|layer| layer.function.starts_with("control::functions::"));
    all
}

const GOOD: &str = "[function.\"control::functions::whole\".retry]\nmax = 4\n";

fn files() -> Vec<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/control/broken");
    let all = fs::read_dir(folder)
        .unwrap()
        .map(|file| file.unwrap().path());
    let mut all: Vec<PathBuf> = all
        .filter(|path| path.extension().is_some_and(|e| e == "toml"))
        .collect();
    all.sort();
    all
}

#[tokio::test]
async fn a_file_with_a_fault_is_refused_whole() {
    let _file = FILE.lock().unwrap_or_else(PoisonError::into_inner);
    assert_eq!(
        path("whole"),
        "control::functions::whole",
        "the files name it"
    );
    call_all().await;
    control().load_text(Path::new("good.toml"), GOOD).unwrap();
    let before = in_force();
    let mut wrong = Vec::new();
    let files = files();
    assert!(files.len() >= 30, "{}", files.len());
    for file in files {
        let text = fs::read_to_string(&file).unwrap();
        let name = file.file_name().unwrap();
        let told = match control().load_text(Path::new(name), &text) {
            Ok(()) => format!("{name:?} was taken"),
            Err(refused) => format!("{refused}\n"),
        };
        assert_eq!(in_force(), before, "{name:?}: nothing of it is applied");
        let kept = file.with_extension("txt");
        if std::env::var_os("RESIL_BLESS").is_some() {
            fs::write(&kept, &told).unwrap();
        }
        let expected = fs::read_to_string(&kept).unwrap_or_default();
        if told != expected {
            wrong.push(format!("{}:\n{told}", file.display()));
        }
        assert!(
            told.contains("help: "),
            "{name:?} says what to write: {told}"
        );
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    control().load_text(Path::new("good.toml"), "").unwrap();
}

#[tokio::test]
async fn a_file_that_is_not_there_is_told() {
    let _file = FILE.lock().unwrap_or_else(PoisonError::into_inner);
    let none = control().load("/nowhere/resil.toml").unwrap_err();
    let text = none.to_string();
    assert!(
        text.starts_with("/nowhere/resil.toml:1: the file can't be read: "),
        "{text}"
    );
}
