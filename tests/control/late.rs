//! Functions that are called when the settings are there already.

use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};

use resil::event::{Event, Subscription, subscribe};
use resil::{bulkhead, circuit, control, retry, timeout};

use crate::alone::{alone, does, passes};
use crate::{FILE, Failed};

fn path(name: &str) -> String {
    format!("{}::{name}", module_path!())
}

/// The faults that are told.
struct Told(Arc<Mutex<Vec<String>>>);

impl Told {
    fn listen() -> (Self, Subscription) {
        let told = Self(Arc::default());
        let sink = Arc::clone(&told.0);
        let listening = subscribe(move |event| {
            if let Event::SettingRefused { fault, .. } = event {
                sink.lock().unwrap().push(fault.to_string());
            }
        });
        (told, listening)
    }

    /// Returns those of a setting.
    fn of(&self, key: &str) -> Vec<String> {
        let key = format!("`{key}`: ");
        let mut told = self.0.lock().unwrap().clone();
        told.retain(|fault| fault.contains(&key));
        told
    }
}

/// Returns the faults of a setting that are listed.
fn listed(key: &str) -> Vec<String> {
    let mut faults = control().faults();
    faults.retain(|fault| fault.key == key);
    faults.iter().map(ToString::to_string).collect()
}

/// Returns a layer in force.
fn in_force(function: &str, policy: &str) -> String {
    let all = control().in_force();
    let mut all = all.iter();
    let of = all.find(|of| of.function == path(function) && of.policy == policy);
    of.unwrap().to_string()
}

#[retry(max = 2)]
#[timeout(1s)]
async fn late() -> Result<(), Failed> {
    Ok(())
}

#[circuit(name = "late.circuit")]
async fn late_name() -> Result<(), Failed> {
    Ok(())
}

#[tokio::test]
async fn a_function_that_has_not_run_is_set_when_it_does_and_a_fault_is_told() {
    let _file = FILE.lock().unwrap_or_else(PoisonError::into_inner);
    let (told, _listening) = Told::listen();
    let function = path("late");
    let text = format!(
        "[function.\"{function}\".retry]\nmax = 7\n[function.\"{function}\".hedge]\nmax = 3\n[name.\"late.circuit\".circuit]\nprobes = 3\n[function.\"{function}r\".retry]\nmax = 2\n"
    );
    control().load_text(Path::new("late.toml"), &text).unwrap();
    let unused = |of: &str| {
        let all: Vec<String> = control().unused().iter().map(ToString::to_string).collect();
        all.into_iter().find(|one| one.contains(of))
    };
    assert!(unused(&function).is_some() && unused("late.circuit").is_some());
    late().await.unwrap();
    late_name().await.unwrap();
    assert!(unused("late.circuit").is_none());
    assert_eq!(
        unused(&format!("{function}r")).unwrap(),
        format!(
            "late.toml:8: `function.\"{function}r\".retry.max`: no function of that path has been called\nhelp: did you mean `{function}`?"
        )
    );
    let fault = format!(
        "late.toml:4: `function.\"{function}\".hedge.max`: `{function}` has no `hedge`\nhelp: it has `retry`, `timeout`"
    );
    let key = format!("function.\"{function}\".hedge.max");
    assert_eq!(told.of(&key), [&*fault]);
    assert_eq!(listed(&key), [fault]);
    assert!(
        in_force("late", "retry").contains("max = 2,"),
        "all of it is left out for that function"
    );
    assert!(in_force("late_name", "circuit").contains("probes = 3 (late.toml:6)"));
    control().load_text(Path::new("late.toml"), "").unwrap();
}

#[retry(max = 2)]
async fn charge() -> Result<(), Failed> {
    Ok(())
}

#[timeout(10s)]
#[retry(max = unlimited)]
async fn poll() -> Result<(), Failed> {
    Ok(())
}

/// All settings by hand have one origin: the one that is refused is told from the others.
#[tokio::test]
async fn by_hand_the_settings_of_other_functions_stay_where_one_is_refused_late() {
    let (told, _listening) = Told::listen();
    let [charged, polled] = ["charge", "poll"].map(|name| control().function(path(name)));
    charge().await.unwrap();
    charged.off("retry").unwrap();
    polled.off("timeout").unwrap();
    poll().await.unwrap();
    let key = format!("function.\"{}\".timeout.off", path("poll"));
    let faults = listed(&key);
    assert_eq!(faults.len(), 1, "{faults:?}");
    assert!(faults[0].starts_with("by hand: "), "{}", faults[0]);
    assert_eq!(told.of(&key), faults);
    // The next change puts in force what is listed.
    let other = control().function(path("nobody"));
    other.off("retry").unwrap();
    other.clear().unwrap();
    let off = format!("{} retry, off (by hand)", path("charge"));
    assert!(in_force("charge", "retry").starts_with(&off));
    assert!(!in_force("poll", "timeout").contains("off"));
    charged.clear().unwrap();
    polled.clear().unwrap();
}

#[timeout(10s)]
#[bulkhead(name = "late.shared", max = 1)]
async fn shares() -> Result<(), Failed> {
    Ok(())
}

#[timeout(2s)]
#[bulkhead(name = "late.shared")]
async fn shares_late() -> Result<(), Failed> {
    Ok(())
}

#[timeout(10s)]
#[retry(max = unlimited)]
#[bulkhead(name = "late.shared")]
async fn polls_late() -> Result<(), Failed> {
    Ok(())
}

#[test]
fn what_one_function_can_not_have_of_a_name_others_keep() {
    passes(alone("late::of_a_name", "of a name"));
}

#[tokio::test]
async fn of_a_name() {
    if !does("of a name") {
        return;
    }
    let (told, _listening) = Told::listen();
    let load = |more: &str| {
        let text = "[name.\"late.shared\".bulkhead]\nqueue = 8\nwait = \"3s\"\n";
        let text = format!("{text}{more}");
        control().load_text(Path::new("shared.toml"), &text)
    };
    let one = path("polls_late");
    load(&format!("[function.\"{one}\".timeout]\noff = true\n")).unwrap();
    shares().await.unwrap();
    polls_late().await.unwrap();
    assert_eq!(listed(&format!("function.\"{one}\".timeout.off")).len(), 1);
    // What the name has breaks a rule of the stack.
    shares_late().await.unwrap();
    let key = "name.\"late.shared\".bulkhead.wait";
    assert_eq!(listed(key).len(), 1);
    assert_eq!(told.of(key), listed(key));
    for function in ["shares", "polls_late", "shares_late"] {
        let shown = in_force(function, "bulkhead");
        assert!(shown.contains("wait = 3s (shared.toml:3)"), "{shown}");
    }
}

#[timeout(1s)]
async fn before() -> Result<(), Failed> {
    Ok(())
}

#[timeout(1s)]
async fn after() -> Result<(), Failed> {
    Ok(())
}

#[test]
fn a_switch_of_all_is_left_out_for_the_one_that_can_not_have_it() {
    passes(alone("late::of_all", "by a file"));
    let mut child = alone("late::of_all", "by a variable");
    child.env("RESIL_ALL_TIMEOUT", "off");
    passes(child);
}

#[tokio::test]
async fn of_all() {
    let by = if does("by a file") {
        let text = "[all.timeout]\noff = true\n";
        control().load_text(Path::new("all.toml"), text).unwrap();
        "off (all.toml:2)"
    } else if does("by a variable") {
        "off (RESIL_ALL_TIMEOUT)"
    } else {
        return;
    };
    before().await.unwrap();
    poll().await.unwrap();
    after().await.unwrap();
    control().function("nobody").off("retry").unwrap();
    assert_eq!(listed("all.timeout.off").len(), 1);
    assert!(!in_force("poll", "timeout").contains("off"));
    for function in ["before", "after"] {
        let shown = in_force(function, "timeout");
        assert!(shown.contains(by), "{shown}");
    }
}

#[retry(max = 2)]
async fn forgotten() -> Result<(), Failed> {
    Ok(())
}

/// A fault is listed as long as its setting is there.
#[tokio::test]
async fn the_fault_of_a_setting_that_is_there_no_longer_is_forgotten() {
    let _file = FILE.lock().unwrap_or_else(PoisonError::into_inner);
    let load = |text: &str| control().load_text(Path::new("late.toml"), text).unwrap();
    let of = format!("function.\"{}\"", path("forgotten"));
    let function = control().function(path("forgotten"));
    let [hedge, circuit] = ["hedge.max", "circuit.failures"].map(|of_it| format!("{of}.{of_it}"));
    load(&format!("[{of}.bulkhead]\nmax = 3\n"));
    function.set("hedge.max", "3").unwrap();
    function.set("circuit.failures", "3").unwrap();
    forgotten().await.unwrap();
    let bulkhead = format!("{of}.bulkhead.max");
    let count = || [&bulkhead, &hedge, &circuit].map(|key| listed(key).len());
    assert_eq!(count(), [1, 1, 1]);
    control().function("nobody").off("retry").unwrap();
    assert_eq!(count(), [1, 1, 1], "another one is set");
    load("");
    assert_eq!(count(), [0, 1, 1]);
    function.clear().unwrap();
    assert_eq!(count(), [0, 0, 0]);
}
