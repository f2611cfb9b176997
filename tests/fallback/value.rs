//! The expression: when it runs, what it may use, and the types that it may have.

use super::*;

#[tokio::test(start_paused = true)]
async fn it_comes_instead_of_an_error() {
    #[fallback(7)]
    async fn number(r: &Record, what: Do) -> Result<u32, Fault> {
        act(r, what).await
    }
    let r = Record::new();
    assert_eq!(number(&r, Fail).await, Ok(7));
    assert_eq!(number(&r, Succeed).await, Ok(2));
}

#[tokio::test(start_paused = true)]
async fn it_is_evaluated_only_when_it_is_needed() {
    #[fallback({ given.fetch_add(1, SeqCst); 7 })]
    async fn counted(r: &Record, given: &AtomicU32, what: Do) -> Result<u32, Fault> {
        act(r, what).await
    }
    let (r, given) = (Record::new(), AtomicU32::new(0));
    for (what, times) in [(Succeed, 0), (Fail, 1), (Succeed, 1), (Fail, 2)] {
        assert!(counted(&r, &given, what).await.is_ok());
        assert_eq!(given.load(SeqCst), times);
    }
}

#[tokio::test(start_paused = true)]
async fn a_closure_head_has_the_error_by_value() {
    /// An error that can be had once.
    struct Once(String);

    #[fallback(|error| Ok(error.0))]
    async fn text(fails: bool) -> Result<String, Once> {
        if fails {
            return Err(Once("lost".to_owned()));
        }
        Ok("found".to_owned())
    }
    #[fallback(|Once(text)| Ok(text))]
    async fn taken_apart() -> Result<String, Once> {
        Err(Once("lost".to_owned()))
    }
    #[fallback(|mut error: Once| { error.0.push('!'); Err(error) })]
    async fn changed() -> Result<(), Once> {
        Err(Once("lost".to_owned()))
    }
    #[fallback(|_| "nobody asked".to_owned())]
    async fn not_asked() -> Result<String, Once> {
        Err(Once("lost".to_owned()))
    }
    assert_eq!(text(true).await.ok().as_deref(), Some("lost"));
    assert_eq!(text(false).await.ok().as_deref(), Some("found"));
    assert_eq!(taken_apart().await.ok().as_deref(), Some("lost"));
    assert_eq!(changed().await.err().map(|e| e.0).as_deref(), Some("lost!"));
    assert_eq!(not_asked().await.ok().as_deref(), Some("nobody asked"));
}

#[tokio::test(start_paused = true)]
async fn it_may_await_and_use_the_arguments() {
    struct Cache(u32);
    impl Cache {
        async fn get(&self, id: u32) -> u32 {
            sleep(ms(5)).await;
            self.0 + id
        }

        #[fallback(self.get(id).await)]
        async fn item(&self, r: &Record, id: u32) -> Result<u32, Fault> {
            act(r, Fail).await.map(|n| n + id)
        }
    }
    // The body uses `order` by reference alone, so it is there afterwards.
    #[fallback(|error| format!("{order}: {error}"))]
    async fn owned(r: &Record, order: String) -> Result<String, Fault> {
        act(r, Fail).await.map(|n| format!("{order} {n}"))
    }
    // Named in a format string alone.
    #[fallback(|_| format!("none for {id}"))]
    async fn formatted(r: &Record, id: String) -> Result<String, Fault> {
        act(r, Fail).await.map(|n| format!("{id}{n}"))
    }
    #[fallback({ log.push("fallback"); log.len() })]
    async fn changed(r: &Record, log: &mut Vec<&'static str>) -> Result<usize, Fault> {
        log.push("body");
        act(r, Fail).await.map(|_| log.len())
    }
    let r = Record::new();
    assert_eq!(Cache(40).item(&r, 2).await, Ok(42));
    assert_eq!(r.elapsed(), 5);
    assert_eq!(
        owned(&r, "lamp".into()).await.unwrap(),
        "lamp: network, try 2"
    );
    assert_eq!(formatted(&r, "lamp".into()).await.unwrap(), "none for lamp");
    let mut log = Vec::new();
    assert_eq!(changed(&r, &mut log).await, Ok(2));
    assert_eq!(log, ["body", "fallback"]);
}

#[tokio::test(start_paused = true)]
async fn question_marks_and_returns_leave_the_expression() {
    async fn cached(id: u32) -> Result<u32, Fault> {
        if id == 0 { Err(Fault::Final) } else { Ok(id) }
    }
    #[fallback(cached(id).await? + 1)]
    async fn asked(r: &Record, id: u32) -> Result<u32, Fault> {
        act(r, Fail).await
    }
    #[fallback(|error| {
        if id == 0 {
            return Err(error);
        }
        for n in 0.. {
            if n == id {
                return Ok(n * 2);
            }
        }
        unreachable!("it is found")
    })]
    async fn returned(r: &Record, id: u32) -> Result<u32, Fault> {
        act(r, Fail).await
    }
    let r = Record::new();
    assert_eq!(asked(&r, 4).await, Ok(5));
    assert_eq!(asked(&r, 0).await, Err(Fault::Final));
    assert_eq!(returned(&r, 4).await, Ok(8));
    assert_eq!(returned(&r, 0).await, Err(Fault::Network(4)));
}

#[tokio::test(start_paused = true)]
async fn its_type_is_the_result_or_the_success() {
    type Answer = Result<Vec<u8>, Fault>;

    async fn cached(there: bool) -> Answer {
        if there {
            Ok(vec![1])
        } else {
            Err(Fault::Final)
        }
    }
    macro_rules! gives {
        ($($name:ident: $ret:ty = $value:expr, $expected:expr;)*) => {$({
            #[fallback($value)]
            async fn $name() -> $ret {
                Err(Fault::Network(1))
            }
            assert_eq!($name().await, $expected, stringify!($name));
        })*};
    }
    gives! {
        a_result: Answer = cached(true).await, Ok(vec![1]);
        an_error: Answer = cached(false).await, Err(Fault::Final);
        a_success: Answer = cached(true).await.unwrap_or_default(), Ok(vec![1]);
        a_default: Answer = Default::default(), Ok(vec![]);
        by_into: Answer = [1, 2].into(), Ok(vec![1, 2]);
        inferred: Answer = Vec::new(), Ok(vec![]);
        ok: Answer = Ok(vec![2]), Ok(vec![2]);
        err: Answer = Err(Fault::Final), Err(Fault::Final);
        a_block: Answer = { let one = 1; Ok(vec![one]) }, Ok(vec![1]);
        either_way: Answer = if true { Ok(vec![3]) } else { return Err(Fault::Final) }, Ok(vec![3]);
        nothing: Result<(), Fault> = (), Ok(());
        a_literal: Result<&'static str, Fault> = "none", Ok("none");
        an_option: Result<Option<u8>, Fault> = None, Ok(None);
        a_returned: Answer = return Ok(vec![4]), Ok(vec![4]);
    }
    // Coerced as in a `return`.
    #[fallback(Ok(Box::new(7)))]
    async fn boxed() -> Result<Box<dyn std::fmt::Debug + Send>, Fault> {
        Err(Fault::Final)
    }
    assert_eq!(format!("{:?}", boxed().await.unwrap()), "7");
    // The success is a `Result` too.
    #[fallback(Ok(Err(3)))]
    async fn nested() -> Result<Result<u8, u8>, Fault> {
        Err(Fault::Final)
    }
    assert_eq!(nested().await, Ok(Err(3)));
}

#[tokio::test(start_paused = true)]
async fn one_that_fails_returns_its_own_error() {
    #[fallback(|_| Err(Fault::Http(410)))]
    async fn gone(r: &Record) -> Result<u32, Fault> {
        act(r, Fail).await
    }
    #[fallback(act(r, Http(500)).await)]
    async fn second(r: &Record) -> Result<u32, Fault> {
        act(r, Fail).await
    }
    let r = Record::new();
    assert_eq!(gone(&r).await, Err(Fault::Http(410)));
    assert_eq!(second(&r).await, Err(Fault::Http(500)));
    assert_eq!(r.count(), 3);
}

#[tokio::test(start_paused = true)]
#[should_panic(expected = "the fallback's own")]
async fn its_panic_goes_on() {
    #[fallback(panic!("the fallback's own"))]
    async fn panics(r: &Record) -> Result<u32, Fault> {
        act(r, Fail).await
    }
    let _ = panics(&Record::new()).await;
}
