//! Functions that are called when the settings are there already.

use std::path::Path;
use std::sync::PoisonError;

use resil::{circuit, control, retry, timeout};

use crate::{FILE, Failed};

fn path(name: &str) -> String {
    format!("{}::{name}", module_path!())
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
    let told = std::sync::Arc::new(std::sync::Mutex::new(Vec::new()));
    let sink = std::sync::Arc::clone(&told);
    let _listening = resil::event::subscribe(move |event| {
        if let resil::event::Event::SettingRefused { fault, .. } = event {
            sink.lock().unwrap().push(fault.to_string());
        }
    });
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
    assert!(told.lock().unwrap().contains(&fault), "{told:?}");
    assert!(
        control()
            .faults()
            .iter()
            .any(|one| one.to_string() == fault)
    );
    let in_force: Vec<String> = control()
        .in_force()
        .iter()
        .map(ToString::to_string)
        .collect();
    let of = |start: String| {
        in_force
            .iter()
            .find(|line| line.starts_with(&start))
            .unwrap()
    };
    assert!(
        of(format!("{function} retry")).contains("max = 2,"),
        "all of it is left out for that function"
    );
    assert!(of(path("late_name")).contains("probes = 3 (late.toml:6)"));
    control().load_text(Path::new("late.toml"), "").unwrap();
}
