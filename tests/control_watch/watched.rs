//! A file under a writer: in whatever way it is replaced, what is in force is one whole version of it.

use std::fs::{self, File};
use std::io::Write;
use std::os::unix::fs::symlink;
use std::path::Path;
use std::sync::PoisonError;
use std::thread::sleep;
use std::time::{Duration, Instant};

use resil::{control, retry};

use crate::{FILE, Failed, folder};

#[retry]
async fn watched() -> Result<(), Failed> {
    Ok(())
}

const EVERY: Duration = Duration::from_millis(300);
/// More than any machine needs.
const LIMIT: Duration = Duration::from_secs(60);

/// The text of a version. Cut anywhere behind the first line it may still be TOML, with other numbers.
fn text(version: u32) -> String {
    let n = version + 100;
    format!(
        "[function.\"control_watch::watched::watched\".retry]\nmax = {n}\nbase = \"{n}ms\"\nbudget = \"off\"\n"
    )
}

/// Returns the version in force, of which all options have to be.
fn version() -> Option<u32> {
    let all = control().in_force();
    let layer = all
        .iter()
        .find(|layer| layer.function.ends_with("watched::watched"))
        .unwrap();
    let value = |name| {
        layer
            .options
            .iter()
            .find(|o| o.name == name)
            .unwrap()
            .value
            .clone()
    };
    let (max, base, budget) = (value("max"), value("base"), value("budget"));
    if max == "3" {
        assert_eq!(
            (base.as_str(), budget != "off"),
            ("100ms", true),
            "half of a file is in force"
        );
        return None;
    }
    assert_eq!(
        (base, budget),
        (format!("{max}ms"), "off".to_owned()),
        "half of a file is in force"
    );
    Some(max.parse::<u32>().unwrap() - 100)
}

#[track_caller]
fn wait_for(expected: Option<u32>) {
    let began = Instant::now();
    while version() != expected {
        assert!(
            began.elapsed() < LIMIT,
            "{:?} instead of {expected:?}",
            version()
        );
        sleep(Duration::from_millis(5));
    }
}

/// Writes 100 versions by `write`, and looks meanwhile.
fn under(write: impl Fn(&Path, u32)) {
    let _file = FILE.lock().unwrap_or_else(PoisonError::into_inner);
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_time()
        .build()
        .unwrap();
    runtime.block_on(watched()).unwrap();
    let folder = folder("watch");
    let path = folder.join("resil.toml");
    write(&path, 0);
    let watching = control().watch_every(&path, EVERY).unwrap();
    assert_eq!(version(), Some(0));
    for n in 1..=100 {
        write(&path, n);
        let seen = version();
        assert!(seen.is_some_and(|seen| seen <= n), "{seen:?} of {n}");
        // Now and then it rests long enough to be seen.
        if n % 20 == 0 {
            wait_for(Some(n));
        }
    }
    wait_for(Some(100));
    // A file with a fault, and none at all, leave the settings as they are.
    fs::write(&path, text(7).replace("ms", "")).unwrap();
    let began = Instant::now();
    while control().faults().is_empty() {
        assert!(began.elapsed() < LIMIT);
        sleep(Duration::from_millis(5));
    }
    assert_eq!(version(), Some(100));
    let fault = control().faults()[0].to_string();
    assert!(
        fault.contains(":3: ") && fault.contains("or `base = \"107s\"`"),
        "{fault}"
    );
    fs::write(&path, "").unwrap();
    let began = Instant::now();
    while !control()
        .faults()
        .iter()
        .any(|fault| fault.message.contains("the file is empty"))
    {
        assert!(began.elapsed() < LIMIT);
        sleep(Duration::from_millis(5));
    }
    assert_eq!(version(), Some(100));
    fs::remove_file(&path).unwrap();
    let began = Instant::now();
    while !control()
        .faults()
        .iter()
        .any(|fault| fault.message.contains("can't be read"))
    {
        assert!(began.elapsed() < LIMIT);
        sleep(Duration::from_millis(5));
    }
    assert_eq!(version(), Some(100));
    write(&path, 8);
    wait_for(Some(8));
    let began = Instant::now();
    while !control().faults().is_empty() {
        assert!(began.elapsed() < LIMIT, "they are over");
        sleep(Duration::from_millis(5));
    }
    drop(watching);
    write(&path, 9);
    sleep(EVERY * 4);
    assert_eq!(version(), Some(8), "it is watched no longer");
    control().load_text(Path::new("none.toml"), "").unwrap();
    fs::remove_dir_all(folder).unwrap();
}

#[test]
fn another_file_is_put_in_its_place() {
    under(|path, n| {
        let new = path.with_extension("new");
        fs::write(&new, text(n)).unwrap();
        fs::rename(new, path).unwrap();
    });
}

#[test]
fn it_is_emptied_and_written_in_place_in_pieces() {
    under(|path, n| {
        let text = text(n);
        let mut file = File::create(path).unwrap();
        let cut = text.len() - 30 + usize::try_from(n % 28).unwrap();
        sleep(Duration::from_millis(3));
        file.write_all(&text.as_bytes()[..cut]).unwrap();
        sleep(Duration::from_millis(4));
        file.write_all(&text.as_bytes()[cut..]).unwrap();
    });
}

/// A mounted `ConfigMap`: the file is a link through `..data`, a link to a folder, which is swapped.
#[test]
fn a_link_in_its_path_is_swapped() {
    under(|path, n| {
        let folder = path.parent().unwrap();
        let version = folder.join(format!("..version-{n}"));
        fs::create_dir_all(&version).unwrap();
        fs::write(version.join("resil.toml"), text(n)).unwrap();
        let link = folder.join("..data_tmp");
        let _ = fs::remove_file(&link);
        symlink(&version, &link).unwrap();
        fs::rename(&link, folder.join("..data")).unwrap();
        if fs::symlink_metadata(path).is_err() {
            symlink("..data/resil.toml", path).unwrap();
        }
        if let Some(before) = n.checked_sub(2) {
            let _ = fs::remove_dir_all(folder.join(format!("..version-{before}")));
        }
    });
}

/// The faults of a file are told while it has them and somebody watches it.
#[tokio::test]
async fn the_faults_of_a_file_that_is_watched_no_longer_are_forgotten() {
    let _file = FILE.lock().unwrap_or_else(PoisonError::into_inner);
    watched().await.unwrap();
    let path = folder("forgotten").join("resil.toml");
    let faults = || {
        let all = control().faults();
        all.iter()
            .filter(|fault| fault.origin.to_string().contains("forgotten"))
            .count()
    };
    let wait_for_faults = |expected| {
        let began = Instant::now();
        while faults() != expected {
            assert!(began.elapsed() < LIMIT, "{:?}", control().faults());
            sleep(Duration::from_millis(10));
        }
    };
    fs::write(&path, text(1)).unwrap();
    let watching = control().watch_every(&path, EVERY).unwrap();
    fs::write(&path, "[all.retry]\nmax = 3\n").unwrap();
    wait_for_faults(1);
    fs::write(&path, text(2)).unwrap();
    control().load(&path).unwrap();
    assert_eq!(faults(), 0, "it is right, and in force");
    fs::write(&path, "[all.retry]\nmax = 4\n").unwrap();
    wait_for_faults(1);
    drop(watching);
    assert_eq!(faults(), 0, "nobody watches it");
    control().load_text(path, "").unwrap();
}
