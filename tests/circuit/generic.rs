//! LANGUAGE.md, sections 2 and 5: all instances of a generic function are one site. Those that set
//! differently are a conflict, as two functions are.

use std::sync::{Arc, Mutex};

use resil::event::{self, Event};
use resil::{CircuitPolicy, breaker, circuit, registry};

trait Of {
    const FAILURES: u32;
    const POLICY: CircuitPolicy = CircuitPolicy::new().failures(Self::FAILURES);
}
struct Seven;
struct Two;
struct TwoAgain;
impl Of for Seven {
    const FAILURES: u32 = 7;
}
impl Of for Two {
    const FAILURES: u32 = 2;
}
impl Of for TwoAgain {
    const FAILURES: u32 = 2;
}

fn conflicts(name: &str) -> Vec<(&'static str, &'static str)> {
    let all = registry().conflicts().into_iter();
    all.filter(|c| c.name == name)
        .map(|c| (c.used, c.ignored))
        .collect()
}

fn down() -> std::io::Error {
    std::io::Error::other("down")
}

#[tokio::test]
async fn d11_a_clash_between_instances_is_told_and_listed_once() {
    #[circuit(name = "generic.clash", failures = T::FAILURES)]
    async fn clash<T: Of>(fails: bool) -> std::io::Result<()> {
        if fails { Err(down()) } else { Ok(()) }
    }
    let told = Arc::new(Mutex::new(0));
    let count = Arc::clone(&told);
    let _subscription = event::subscribe(move |e| {
        if let Event::CircuitConflict { name, .. } = e
            && *name == "generic.clash"
        {
            *count.lock().unwrap() += 1;
        }
    });
    for _ in 0..3 {
        clash::<Two>(false).await.unwrap();
        clash::<TwoAgain>(false).await.unwrap();
    }
    assert_eq!(conflicts("generic.clash"), []);
    // A success, on the best of paths: it is told all the same.
    for _ in 0..3 {
        clash::<Seven>(false).await.unwrap();
        clash::<Two>(false).await.unwrap();
    }
    let function = "circuit::generic::clash";
    assert_eq!(conflicts("generic.clash"), [(function, function)]);
    assert_eq!(*told.lock().unwrap(), 1);
    // The first registered wins.
    assert!(clash::<Seven>(true).await.is_err());
    assert!(clash::<Seven>(true).await.is_err());
    let refused = clash::<Seven>(true).await.unwrap_err();
    assert!(refused.to_string().contains("generic.clash"));
}

#[tokio::test]
async fn by_key_and_by_a_policy_to_start_from_too() {
    #[circuit(name = "generic.key", key = key, failures = T::FAILURES)]
    async fn keyed<T: Of>(key: u32) -> std::io::Result<()> {
        let _ = key;
        Ok(())
    }
    #[circuit(name = "generic.policy", policy = T::POLICY)]
    async fn started<T: Of>() -> std::io::Result<()> {
        Ok(())
    }
    keyed::<Two>(1).await.unwrap();
    keyed::<Seven>(2).await.unwrap();
    assert_eq!(conflicts("generic.key").len(), 1);
    started::<Two>().await.unwrap();
    started::<Seven>().await.unwrap();
    assert_eq!(conflicts("generic.policy").len(), 1);
}

#[tokio::test]
async fn the_one_that_another_function_has_set_before_them_is_what_is_used() {
    #[circuit(name = "generic.hand", failures = T::FAILURES)]
    async fn second<T: Of>() -> std::io::Result<()> {
        Ok(())
    }
    assert!(breaker("generic.hand").configure(CircuitPolicy::new().failures(9)));
    second::<Two>().await.unwrap();
    second::<Seven>().await.unwrap();
    let function = "circuit::generic::second";
    assert_eq!(conflicts("generic.hand"), [("(by hand)", function)]);
}

/// In a generic `impl`, of which the attribute sees nothing.
#[tokio::test]
async fn instances_of_a_method_are_instances_too() {
    struct Client<T>(T);
    impl<T: Of> Client<T> {
        const LIMIT: u32 = T::FAILURES;

        #[circuit(name = "generic.method", failures = Self::LIMIT)]
        async fn call(&self) -> std::io::Result<()> {
            let _ = &self.0;
            Ok(())
        }
    }
    Client(Two).call().await.unwrap();
    Client(Seven).call().await.unwrap();
    assert_eq!(conflicts("generic.method").len(), 1);
}
