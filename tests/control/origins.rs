//! The catalog says where a setting comes from: a file, the environment over it, and by hand over both. A file is read
//! anew by hand. In a process of its own.

use std::{fs, process};

use resil::catalog::{CatalogEntry, Origin};
use resil::{catalog, control, retry, timeout};

use crate::Failed;
use crate::alone::{alone, does, passes};
use crate::catalogued::setting;

#[retry(max = 3)]
#[timeout(2s)]
async fn steered() -> Result<(), Failed> {
    Ok(())
}

fn path() -> String {
    format!("{}::steered", module_path!())
}

fn entry() -> CatalogEntry {
    catalog().get(&path()).unwrap().clone()
}

/// Returns an option of the retry.
fn shown(option: &str) -> (String, Origin) {
    setting(&entry(), 0, option)
}

/// Returns what has switched off the retry, and the timeout.
fn switched_off_by() -> [Option<Origin>; 2] {
    let entry = entry();
    [0, 1].map(|policy: usize| entry.policies[policy].switched_off_by)
}

#[test]
fn a_file_the_environment_and_by_hand() {
    let mut child = alone("origins::of_all_layers", "of all layers");
    child.env("RESIL_CONTROL_ORIGINS_STEERED_RETRY_MAX", "4");
    passes(child);
}

#[tokio::test(start_paused = true)]
async fn of_all_layers() {
    if !does("of all layers") {
        return;
    }
    steered().await.unwrap();
    assert_eq!(shown("max"), ("4".into(), Origin::Environment));
    let dir = std::env::temp_dir().join(format!("resil-origins-{}", process::id()));
    fs::create_dir_all(&dir).unwrap();
    let file = dir.join("resil.toml");
    let write = |base: &str, more: &str| {
        let of = path();
        let text = format!("[function.\"{of}\".retry]\nmax = 5\nbase = \"{base}\"\n{more}\n");
        fs::write(&file, text).unwrap();
    };
    write("1s", "[all]\noff = true");
    control().load(file.as_path()).unwrap();
    assert_eq!(shown("max"), ("4".into(), Origin::Environment));
    assert_eq!(shown("base"), ("1s".into(), Origin::File));
    assert_eq!(switched_off_by(), [Some(Origin::File); 2]);

    write("2s", "[all.timeout]\noff = true");
    assert_eq!(shown("base").0, "1s", "nobody has read it");
    control().reload().unwrap();
    assert_eq!(shown("base"), ("2s".into(), Origin::File));
    assert_eq!(switched_off_by(), [None, Some(Origin::File)]);
    write("soon", "");
    control().reload().unwrap_err();
    assert_eq!(shown("base").0, "2s", "it is refused whole");
    assert_eq!(switched_off_by(), [None, Some(Origin::File)]);

    control().function(path()).set("retry.max", "2").unwrap();
    assert_eq!(shown("max"), ("2".into(), Origin::ByHand));
    let all = control().all();
    all.on("timeout").unwrap();
    all.off("retry").unwrap();
    assert_eq!(switched_off_by(), [Some(Origin::ByHand), None]);
    all.off_all().unwrap();
    all.on("retry").unwrap();
    assert_eq!(switched_off_by(), [None; 2], "one policy goes over all");
    control().clear().unwrap();
    all.off_all().unwrap();
    assert_eq!(
        switched_off_by(),
        [Some(Origin::ByHand); 2],
        "by hand goes over a file"
    );
    all.on_all().unwrap();
    control().clear().unwrap();
    assert_eq!(shown("max"), ("4".into(), Origin::Environment));
    assert_eq!(switched_off_by(), [None, Some(Origin::File)]);
    fs::remove_dir_all(dir).unwrap();
}
