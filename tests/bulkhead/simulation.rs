//! The adaptive limit against a server whose capacity changes, on paused time: each run is the same.
//!
//! The server works on so many calls at once, each of which takes it so long; more calls queue there,
//! first come, first served. There is half as much load again as it can bear. `docs/bulkhead-adaptive.md`
//! shows the plot, which `RESIL_BLESS=1 cargo test --test bulkhead simulation` writes.

use std::collections::VecDeque;
use std::fmt::Write;
use std::sync::{Arc, Mutex};

use tokio::sync::oneshot;
use tokio::time::Instant;

use super::gradient2::Gradient2;
use super::*;

/// For how long the server has which capacity, and how long it takes for a call.
#[derive(Clone, Copy, Debug)]
pub(super) struct Phase {
    pub(super) seconds: u64,
    pub(super) capacity: u32,
    pub(super) service: u64,
}

pub(super) const fn phase(seconds: u64, capacity: u32, service: u64) -> Phase {
    Phase {
        seconds,
        capacity,
        service,
    }
}

/// Hosts go and come; in the end each call takes twice as long.
const PHASES: [Phase; 6] = [
    phase(10, 40, 50),
    phase(10, 20, 50),
    phase(10, 80, 50),
    phase(10, 25, 50),
    phase(10, 60, 50),
    phase(10, 60, 100),
];

/// The time after a change that the limit has to find its place.
const SETTLED: Duration = Duration::from_secs(5);

#[derive(Default)]
struct Work {
    capacity: u32,
    busy: u32,
    waiting: VecDeque<oneshot::Sender<()>>,
    done: u64,
    random: u64,
}

/// How the time of a call differs from the phase's.
#[derive(Clone, Copy, Debug)]
pub(super) enum Noise {
    None,
    /// Up to so many percent more or less, each as often.
    Even(u32),
    Exponential,
}

/// What is around the phases.
#[derive(Clone, Copy, Debug)]
pub(super) struct Load {
    /// The calls that come, in tenths of what the server can bear.
    pub(super) tenths: u64,
    pub(super) noise: Noise,
    pub(super) seed: u64,
}

/// Half as much load again as the server can bear.
const HALF_AGAIN: Load = Load {
    tenths: 15,
    noise: Noise::None,
    seed: 0,
};

/// Who sets the limit.
#[derive(Clone)]
pub(super) enum Control {
    /// The bulkhead itself.
    Adaptive,
    /// It is the capacity.
    Perfect,
    /// Netflix's rule.
    Gradient2(Arc<Mutex<Gradient2>>),
}

/// A server with a queue.
#[derive(Clone, Default)]
struct Server(Arc<Mutex<Work>>);

impl Server {
    fn set(&self, capacity: u32) {
        self.0.lock().unwrap().capacity = capacity;
        self.begin();
    }

    /// Begins to work on calls that wait, as long as it can.
    fn begin(&self) {
        let mut work = self.0.lock().unwrap();
        while work.busy < work.capacity {
            let Some(next) = work.waiting.pop_front() else {
                break;
            };
            work.busy += 1;
            let _ = next.send(());
        }
    }

    async fn serve(&self, time: Duration) {
        let (turn, mine) = oneshot::channel();
        self.0.lock().unwrap().waiting.push_back(turn);
        self.begin();
        let _ = mine.await;
        sleep(time).await;
        {
            let mut work = self.0.lock().unwrap();
            work.busy -= 1;
            work.done += 1;
        }
        self.begin();
    }

    fn done(&self) -> u64 {
        self.0.lock().unwrap().done
    }

    /// A number from 0 to 1, each run the same.
    fn random(&self) -> f64 {
        let mut work = self.0.lock().unwrap();
        work.random = work
            .random
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        f64::from(u32::try_from(work.random >> 32).unwrap()) / f64::from(u32::MAX)
    }
}

/// What was seen every tenth of a second.
pub(super) struct Sample {
    seconds: f64,
    pub(super) capacity: u32,
    pub(super) limit: u32,
    pub(super) in_flight: u32,
    /// Whether the last change is long enough ago.
    pub(super) is_settled: bool,
}

pub(super) struct Run {
    pub(super) samples: Vec<Sample>,
    /// The calls that were answered in each phase.
    pub(super) done: Vec<u64>,
}

/// Runs the phases through the bulkhead `name`.
pub(super) async fn run(name: &str, phases: &[Phase], load: Load, control: Control) -> Run {
    let b = bulkhead(name);
    let server = Server::default();
    server.0.lock().unwrap().random = load.seed;
    let began = Instant::now();
    let mut run = Run {
        samples: Vec::new(),
        done: Vec::new(),
    };
    for phase in phases {
        server.set(phase.capacity);
        if matches!(control, Control::Perfect) {
            b.set_limit(phase.capacity);
        }
        let changed = Instant::now();
        let before = server.done();
        // So many microseconds from one call to the next.
        let apart = phase.service * 10_000 / load.tenths / u64::from(phase.capacity);
        let mut sampled = changed;
        let mut next = changed;
        while changed.elapsed() < Duration::from_secs(phase.seconds) {
            let time = ms(phase.service).mul_f64(match load.noise {
                Noise::None => 1.0,
                Noise::Even(percent) => 1.0 + (server.random() - 0.5) * f64::from(percent) / 50.0,
                Noise::Exponential => -(1.0 - server.random()).max(1e-9).ln(),
            });
            let (server, control) = (server.clone(), control.clone());
            tokio::spawn(async move {
                if let Ok(place) = b.acquire().await {
                    let (began, inside) = (Instant::now(), b.in_flight());
                    server.serve(time).await;
                    place.success();
                    if let Control::Gradient2(rule) = control
                        && let Some(limit) = rule.lock().unwrap().add(began, inside)
                    {
                        b.set_limit(limit);
                    }
                }
            });
            next += Duration::from_micros(apart);
            tokio::time::sleep_until(next).await;
            if sampled.elapsed() >= ms(100) {
                sampled += ms(100);
                run.samples.push(Sample {
                    seconds: began.elapsed().as_secs_f64(),
                    capacity: phase.capacity,
                    limit: b.limit(),
                    in_flight: b.in_flight(),
                    is_settled: changed.elapsed() > SETTLED,
                });
            }
        }
        run.done.push(server.done() - before);
    }
    run
}

pub(super) fn settings() -> BulkheadPolicy {
    BulkheadPolicy::new().queue(64).wait(ms(1_000))
}

#[tokio::test(start_paused = true)]
async fn the_limit_is_found_again_after_each_change_of_the_capacity() {
    let adaptive = settings().adaptive(AdaptiveLimit::new());
    assert!(bulkhead("simulation").configure(adaptive));
    assert!(bulkhead("simulation-perfect").configure(settings().max(1)));
    let found = run("simulation", &PHASES, HALF_AGAIN, Control::Adaptive).await;
    let perfect = run("simulation-perfect", &PHASES, HALF_AGAIN, Control::Perfect).await;
    let picture = plot(&found);
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/docs/bulkhead-adaptive.svg");
    if std::env::var_os("RESIL_BLESS").is_some() {
        std::fs::write(path, &picture).unwrap();
    }
    let kept = std::fs::read_to_string(path).unwrap_or_default();

    let settled = || found.samples.iter().filter(|s| s.is_settled);
    for Sample {
        seconds,
        capacity,
        limit,
        in_flight,
        ..
    } in settled()
    {
        // A fifth is the distance: 5 · |limit − capacity| ≤ capacity.
        assert!(
            limit.abs_diff(*capacity) * 5 <= *capacity,
            "at {seconds:.1} s the limit is {limit} for {capacity}"
        );
        assert!(
            *in_flight <= 2 * capacity,
            "at {seconds:.1} s {in_flight} calls are inside of {capacity}"
        );
    }
    assert!(settled().count() > 6 * 45, "all phases were looked at");
    // Through all changes, the time to find the limit included.
    let share = |at: usize| found.done[at] as f64 / perfect.done[at] as f64;
    let all = found.done.iter().sum::<u64>() as f64 / perfect.done.iter().sum::<u64>() as f64;
    println!("goodput: {all:.3} of a perfect limit's");
    assert!(all >= 0.95, "{all}");
    for at in 0..PHASES.len() {
        println!("phase {at}: {:.3}", share(at));
        assert!(share(at) >= 0.9, "phase {at}: {}", share(at));
    }
    assert!(
        kept == picture,
        "the plot has changed: look at what RESIL_BLESS=1 writes"
    );
}

/// Where the time of the calls differs much, a queue is hard to tell from noise: the limit is found
/// less exactly, and nothing of the server is left unused.
#[tokio::test(start_paused = true)]
async fn noise_is_not_taken_for_a_queue() {
    let phases = [
        phase(5, 40, 50),
        phase(5, 40, 50),
        phase(5, 20, 50),
        phase(5, 20, 50),
        phase(5, 80, 50),
        phase(5, 80, 50),
    ];
    let noisy = Load {
        noise: Noise::Exponential,
        ..HALF_AGAIN
    };
    let adaptive = settings().adaptive(AdaptiveLimit::new());
    assert!(bulkhead("simulation-noise").configure(adaptive));
    assert!(bulkhead("simulation-noise-perfect").configure(settings().max(1)));
    let found = run("simulation-noise", &phases, noisy, Control::Adaptive).await;
    let perfect = run("simulation-noise-perfect", &phases, noisy, Control::Perfect).await;
    for (at, phase) in phases.iter().enumerate() {
        let share = found.done[at] as f64 / perfect.done[at] as f64;
        println!("capacity {}: {share:.3}", phase.capacity);
        // Each capacity stands twice: the first five seconds are there to find it.
        let least = if at % 2 == 0 { 0.75 } else { 0.9 };
        assert!(share >= least, "capacity {}: {share}", phase.capacity);
    }
}

/// A line of the plot through `(seconds, calls)`.
fn line(points: impl Iterator<Item = (f64, u32)>, style: &str) -> String {
    let mut path = String::new();
    for (seconds, calls) in points {
        let (x, y) = (40.0 + seconds * 12.0, 260.0 - f64::from(calls) * 2.0);
        let _ = write!(path, "{x:.1},{y:.1} ");
    }
    format!(
        "<polyline fill=\"none\" {style} points=\"{}\"/>\n",
        path.trim_end()
    )
}

fn text(x: u32, y: u32, text: &str) -> String {
    format!("<text x=\"{x}\" y=\"{y}\">{text}</text>\n")
}

/// Draws the run as SVG.
fn plot(run: &Run) -> String {
    let samples = || run.samples.iter();
    let mut svg = String::from(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 800 320\" \
         font-family=\"sans-serif\" font-size=\"11\">\n\
         <rect width=\"800\" height=\"320\" fill=\"#fff\"/>\n",
    );
    for calls in [0, 20, 40, 60, 80, 100] {
        let y = 260 - calls * 2;
        let _ = writeln!(
            svg,
            "<line x1=\"40\" y1=\"{y}\" x2=\"760\" y2=\"{y}\" stroke=\"#ddd\"/>"
        );
        svg += &text(12, y + 4, &calls.to_string());
    }
    for seconds in [0, 10, 20, 30, 40, 50, 60] {
        svg += &text(34 + seconds * 12, 276, &format!("{seconds} s"));
    }
    // The capacity has its new value at once.
    let mut capacity: Vec<(f64, u32)> = Vec::new();
    for sample in samples() {
        if let Some((_, before)) = capacity.last()
            && *before != sample.capacity
        {
            capacity.push((sample.seconds, *before));
        }
        capacity.push((sample.seconds, sample.capacity));
    }
    svg += &line(
        samples().map(|s| (s.seconds, s.in_flight)),
        "stroke=\"#9bc\" stroke-width=\"1\"",
    );
    svg += &line(
        capacity.into_iter(),
        "stroke=\"#888\" stroke-width=\"2\" stroke-dasharray=\"5 3\"",
    );
    svg += &line(
        samples().map(|s| (s.seconds, s.limit)),
        "stroke=\"#c33\" stroke-width=\"1.5\"",
    );
    svg += &text(40, 30, "dashed: the calls that the server works on at once");
    svg += &text(320, 30, "red: the limit");
    svg += &text(430, 30, "blue: calls inside");
    svg += &text(600, 300, "from 50 s on calls take twice as long");
    svg + "</svg>\n"
}
