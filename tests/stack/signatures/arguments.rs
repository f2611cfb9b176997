//! Arguments: owned, cloned, borrowed, generic, patterns.

use super::*;

#[circuit]
#[timeout(5s)]
#[retry(base = 1ms)]
#[timeout(1s)]
async fn owned(flaky: Arc<Flaky>, o: Owned) -> Result<usize, E> {
    flaky.after(3).await?;
    Ok(o.0.len())
}

#[tokio::test(flavor = "multi_thread")]
async fn d2_owned_argument_without_clone() {
    let f = Arc::new(Flaky::default());
    assert_eq!(spawned(owned(f, Owned("four".into()))).await.unwrap(), 4);
}

#[retry(max = 1)]
#[timeout(1s)]
async fn moves(o: Owned) -> Result<Owned, E> {
    Ok(o)
}

#[idempotent(key = o.0)]
#[circuit]
#[timeout(1s)]
async fn moves_without_retry(o: Owned) -> Result<String, E> {
    let Owned(s) = o;
    Ok(s)
}

#[tokio::test]
async fn d2_with_max_one_or_no_retry_it_may_move() {
    assert_eq!(spawned(moves(Owned("a".into()))).await.unwrap().0, "a");
    assert_eq!(
        spawned(moves_without_retry(Owned("moved".into())))
            .await
            .unwrap(),
        "moved"
    );
}

#[retry(base = 1ms, clone(names, map))]
async fn cloned(f: &Flaky, mut names: Vec<String>, map: HashMap<u8, u8>) -> Result<usize, E> {
    names.push("more".into());
    let moved = map;
    f.after(3).await?;
    Ok(names.len() + moved.len())
}

#[tokio::test]
async fn clone_gives_each_attempt_its_own() {
    let f = Flaky::default();
    assert_eq!(
        cloned(&f, vec![], HashMap::from([(1, 1)])).await.unwrap(),
        2
    );
}

#[circuit]
#[timeout(5s)]
#[retry(base = 1ms)]
#[timeout(1s)]
pub(crate) async fn d5_generic<'a, T, const N: usize>(
    flaky: &'a Flaky,
    items: &'a [T; N],
    pick: impl Fn(&T) -> bool + Send + Sync,
) -> Result<&'a T, E>
where
    T: Debug + Sync,
{
    flaky.after(2).await?;
    items.iter().find(|i| pick(i)).ok_or(E::NotYet)
}

#[tokio::test]
async fn d5_visibility_generics_lifetimes_const_generics_and_where() {
    let f = Flaky::default();
    let out = send(d5_generic(&f, &[1, 2, 3], |i| *i > 1)).await.unwrap();
    assert_eq!(*out, 2);
}

#[timeout(5s)]
#[retry(base = 1ms)]
async fn through_mut(f: &Flaky, log: &mut Vec<u32>) -> Result<(), E> {
    fn push(log: &mut Vec<u32>) {
        log.push(1);
    }
    push(log);
    take(log);
    f.after(3).await?;
    Ok(())
}

fn take<T>(mut t: T)
where
    T: std::ops::DerefMut<Target = Vec<u32>>,
{
    t.push(2);
}

#[tokio::test]
async fn d3_mut_reference_argument_carries_over() {
    let (f, mut log) = (Flaky::default(), Vec::new());
    through_mut(&f, &mut log).await.unwrap();
    assert_eq!(log, [1, 2, 1, 2, 1, 2]);
}

struct Pair {
    left: String,
    right: u32,
}

#[retry(base = 1ms)]
async fn patterns(
    f: &Flaky,
    (a, b): (String, String),
    Pair { left, right }: Pair,
    [x, y]: [u32; 2],
    _: u8,
) -> Result<String, E> {
    f.after(2).await?;
    Ok(format!("{a}{b}{left}{right}{x}{y}"))
}

#[tokio::test]
async fn pattern_arguments() {
    let f = Flaky::default();
    let pair = Pair {
        left: "l".into(),
        right: 7,
    };
    let out = patterns(&f, ("a".into(), "b".into()), pair, [1, 2], 0)
        .await
        .unwrap();
    assert_eq!(out, "abl712");
}
