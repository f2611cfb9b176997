//! Functions that share a breaker, and functions that do not.

use super::*;

mod north {
    use super::{Do, Fault, Record, act, circuit};
    #[circuit(name = "d23", failures = 2, open_for = 1s)]
    pub(super) async fn call(r: &Record, what: Do) -> Result<u32, Fault> {
        act(r, what).await
    }
    #[circuit(name = "d23-clash", failures = 2)]
    pub(super) async fn first(r: &Record, what: Do) -> Result<u32, Fault> {
        act(r, what).await
    }
}
mod south {
    use super::{Do, Fault, Record, act, circuit};
    // A default written out is no difference.
    #[circuit(name = "d23", failures = 2, open_for = 1s, probes = 1)]
    pub(super) async fn call(r: &Record, what: Do) -> Result<u32, Fault> {
        act(r, what).await
    }
    #[circuit(name = "d23-clash", failures = 9)]
    pub(super) async fn second(r: &Record, what: Do) -> Result<u32, Fault> {
        act(r, what).await
    }
}

#[tokio::test(start_paused = true)]
async fn d23_one_name_in_two_modules_is_one_breaker() {
    let r = Record::new();
    assert_eq!(letter(&north::call(&r, Fail).await), 'F');
    assert_eq!(letter(&south::call(&r, Fail).await), 'F');
    assert_eq!(letter(&north::call(&r, Succeed).await), 'X');
    assert_eq!(letter(&south::call(&r, Succeed).await), 'X');
    pass(1_000).await;
    assert_eq!(letter(&south::call(&r, Succeed).await), '.');
    assert_eq!(letter(&north::call(&r, Succeed).await), '.');
    let clashes = registry().conflicts();
    assert!(clashes.iter().all(|c| c.name != "d23"), "{clashes:?}");
}

#[tokio::test(start_paused = true)]
async fn d23_two_that_set_differently_the_first_registered_wins_and_the_clash_is_told() {
    let told = Arc::new(Mutex::new(Vec::new()));
    let sink = Arc::clone(&told);
    let _listening = resil::event::subscribe(move |e| {
        if let Event::CircuitConflict { name, function, .. } = e
            && *name == "d23-clash"
        {
            sink.lock().unwrap().push(*function);
        }
    });
    let r = Record::new();
    assert_eq!(letter(&north::first(&r, Succeed).await), '.');
    assert_eq!(letter(&south::second(&r, Fail).await), 'F');
    assert_eq!(letter(&south::second(&r, Fail).await), 'F');
    assert_eq!(letter(&south::second(&r, Fail).await), 'X');
    let clashes: Vec<_> = registry()
        .conflicts()
        .into_iter()
        .filter(|c| c.name == "d23-clash")
        .map(|c| (c.used, c.ignored))
        .collect();
    let (used, ignored) = (
        "circuit::sharing::north::first",
        "circuit::sharing::south::second",
    );
    assert_eq!(clashes, [(used, ignored)]);
    assert_eq!(*told.lock().unwrap(), [ignored]);
}

#[tokio::test(start_paused = true)]
async fn a_function_with_only_the_name_uses_what_another_one_sets() {
    #[circuit(name = "adopted")]
    async fn only_name(r: &Record, what: Do) -> Result<u32, Fault> {
        act(r, what).await
    }
    #[circuit(name = "adopted", failures = 2)]
    async fn with_settings(r: &Record, what: Do) -> Result<u32, Fault> {
        act(r, what).await
    }
    let r = Record::new();
    // Until then on the defaults, five in a row.
    assert_eq!(play!(only_name(&r), Fail; 4), "FFFF");
    assert_eq!(play!(with_settings(&r), Succeed), ".");
    assert_eq!(play!(only_name(&r), Fail; 3), "FFX");
    assert!(registry().conflicts().iter().all(|c| c.name != "adopted"));
}

#[tokio::test(start_paused = true)]
async fn all_instances_of_a_generic_function_share_one_breaker() {
    #[circuit(failures = 2)]
    async fn generic<T: Sync, const N: usize>(r: &Record, _: &[T; N]) -> Result<u32, Fault> {
        act(r, Fail).await
    }
    let r = Record::new();
    assert_eq!(letter(&generic(&r, &[1_u8]).await), 'F');
    assert_eq!(letter(&generic(&r, &["x", "y"]).await), 'F');
    assert_eq!(letter(&generic(&r, &[1_u64; 3]).await), 'X');
}

/// Methods of one path and one line.
macro_rules! clients {
    ($($client:ident)*) => {$(
        struct $client;
        impl $client {
            #[circuit(failures = 1)]
            async fn ask(&self, r: &Record, what: Do) -> Result<u32, Fault> {
                act(r, what).await
            }
        }
    )*};
}
clients!(Here There);

#[tokio::test(start_paused = true)]
async fn functions_that_one_macro_made_share_nothing() {
    let r = Record::new();
    assert_eq!(letter(&Here.ask(&r, Fail).await), 'F');
    assert_eq!(letter(&Here.ask(&r, Fail).await), 'X');
    assert_eq!(letter(&There.ask(&r, Succeed).await), '.');
}

#[tokio::test(start_paused = true)]
async fn two_functions_without_a_name_share_nothing() {
    struct Client;
    impl Client {
        #[circuit(failures = 1)]
        async fn get(&self, r: &Record) -> Result<u32, Fault> {
            act(r, Fail).await
        }
    }
    struct Other;
    impl Other {
        #[circuit(failures = 1)]
        async fn get(&self, r: &Record) -> Result<u32, Fault> {
            act(r, Succeed).await
        }
    }
    let r = Record::new();
    assert_eq!(letter(&Client.get(&r).await), 'F');
    // Another client, the same site.
    assert_eq!(letter(&Client.get(&r).await), 'X');
    assert_eq!(letter(&Other.get(&r).await), '.');
    // Shown with its line where two read the same.
    let all = registry().snapshot();
    let mut names = all.iter().map(|b| b.name);
    assert!(names.any(|n| n == "circuit::sharing::get"));
    assert!(names.any(|n| n.starts_with("circuit::sharing::get:")));
}

#[test]
fn d21_an_opening_that_another_runtime_saw_does_not_outlast_its_time() {
    #[circuit(name = "d21", failures = 1, open_for = 30s)]
    async fn outlives(r: &Record, what: Do) -> Result<u32, Fault> {
        act(r, what).await
    }
    let paused = || {
        tokio::runtime::Builder::new_current_thread()
            .enable_time()
            .start_paused(true)
            .build()
            .unwrap()
    };
    paused().block_on(async {
        advance(Duration::from_secs(86_400)).await;
        let r = Record::new();
        assert_eq!(play!(outlives(&r), Fail, Fail), "FX");
    });
    // A clock that is a day behind.
    paused().block_on(async {
        pass(30_000).await;
        assert_eq!(play!(outlives(&Record::new()), Succeed), ".");
    });
}
