//! Runs the models of `src/loom`, each by itself, and then each with every one of its steps left
//! out, where it has to fail. `scripts/loom` builds and starts it.

#![allow(
    clippy::disallowed_methods,
    reason = "it says how long the checker took"
)]

#[cfg(not(loom))]
fn main() {}

#[cfg(loom)]
fn main() -> std::process::ExitCode {
    runner::main()
}

#[cfg(loom)]
mod runner {
    use std::env;
    use std::num::NonZero;
    use std::process::{Command, ExitCode, Output};
    use std::sync::Mutex;
    use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};
    use std::thread;
    use std::time::{Duration, Instant};

    use resil_runtime::loom::models;

    /// A model by itself, or with a step left out.
    struct Job {
        model: &'static str,
        left_out: Option<&'static str>,
    }

    /// With an argument: the one model of that name. Without: all, each in a process of its own, as
    /// many at once as there are cores.
    pub(super) fn main() -> ExitCode {
        if let Some(name) = env::args().nth(1) {
            let model = models().into_iter().find(|m| m.name == name);
            (model.expect("a model of that name").check)();
            return ExitCode::SUCCESS;
        }
        let all = models();
        let sound = all.iter().map(|m| (m.name, None));
        let unsound = all
            .iter()
            .flat_map(|m| m.variants.iter().map(|&v| (m.name, Some(v))));
        let jobs: Vec<Job> = sound
            .chain(unsound)
            .map(|(model, left_out)| Job { model, left_out })
            .collect();
        let next = AtomicUsize::new(0);
        let wrong = Mutex::new(0);
        let cores = thread::available_parallelism().map_or(1, NonZero::get);
        let began = Instant::now();
        thread::scope(|s| {
            for _ in 0..cores {
                s.spawn(|| {
                    while let Some(job) = jobs.get(next.fetch_add(1, Relaxed)) {
                        let began = Instant::now();
                        let out = run(job);
                        let mut wrong = wrong.lock().unwrap();
                        *wrong += usize::from(!report(job, &out, began.elapsed()));
                    }
                });
            }
        });
        let wrong = wrong.into_inner().unwrap();
        println!(
            "\n{} models, {} steps left out, {wrong} wrong, {:.1} s",
            all.len(),
            jobs.len() - all.len(),
            began.elapsed().as_secs_f64()
        );
        ExitCode::from(u8::from(wrong != 0))
    }

    fn run(job: &Job) -> Output {
        let mut command = Command::new(env::current_exe().unwrap());
        command.arg(job.model).env_remove("RESIL_BROKEN");
        if let Some(step) = job.left_out {
            command.env("RESIL_BROKEN", step);
        }
        command.output().unwrap()
    }

    /// Says how it went; false if not as it should.
    fn report(job: &Job, out: &Output, took: Duration) -> bool {
        let errors = String::from_utf8_lossy(&out.stderr);
        // The first panic is what was found; others may come of it.
        let found = errors
            .lines()
            .skip_while(|l| !l.contains("panicked at"))
            .nth(1);
        let orders = String::from_utf8_lossy(&out.stdout);
        let orders = orders.trim();
        let took = took.as_secs_f64();
        let model = job.model;
        match (job.left_out, found) {
            (None, _) if out.status.success() => {
                println!("holds  {took:6.2} s  {orders:>8} orders  {model}");
            }
            (Some(step), Some(found)) if !out.status.success() => {
                println!("fails  {took:6.2} s  {model}, without {step}: {found}");
            }
            (None, _) => {
                println!("WRONG  {took:6.2} s  {model}:\n{errors}");
                return false;
            }
            (Some(step), _) => {
                println!("WRONG  {took:6.2} s  {model}: nothing found without {step}\n{errors}");
                return false;
            }
        }
        true
    }
}
