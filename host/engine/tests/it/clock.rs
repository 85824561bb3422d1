//! Following the machine's clock again after a leap. That a leap stops it is told beside the clock itself.

use signalbox_engine::{ClockMode, FollowError};

use crate::support::{Place, World};

#[tokio::test(flavor = "multi_thread")]
async fn the_clock_of_the_machine_can_be_followed_at_any_time() {
    let mut place = Place::new(&[]);
    place.clock = ClockMode::Real;
    let world = place.start();
    let before = world.now();
    let followed = world.engine.follow_clock().expect("it runs");
    assert!(before <= followed && followed <= world.now());
    let status = world.engine.status().await.expect("it runs");
    assert!(!status.clock_leapt && !status.is_manual);
    let engine = world.engine.clone();
    world.stopped().await;
    assert!(matches!(
        engine.follow_clock(),
        Err(FollowError::Unavailable(_))
    ));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_clock_that_is_wound_follows_nothing() {
    let world = World::new();
    let before = world.now();
    assert_eq!(world.engine.follow_clock(), Err(FollowError::Manual));
    assert_eq!(world.now(), before);
    world.stopped().await;
}
