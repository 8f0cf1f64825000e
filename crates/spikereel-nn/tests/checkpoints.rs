//! Checkpoints: a training goes on from any step with the same bits, another thread may save it, and a damaged file is never believed.

mod common;

use common::small_fold;
use spikereel_data::{Fold, TrialDraw};
use spikereel_kernels::fast::Fast;
use spikereel_nn::{
    Checkpoint, CheckpointFolder, EpochRecord, Error, Progress, Redraw, StepReport, TrainConfig, Trainer,
};
use std::fs;

fn config() -> TrainConfig {
    let redraw = Some(Redraw { draw: TrialDraw::PerRegion, share: 0.5 });
    TrainConfig { epochs: 2, batch_size: 1, base_channels: 1, redraw, ..TrainConfig::default() }
}

fn trainer(fold: &Fold) -> Trainer<Fast> {
    Trainer::new(config(), fold, 7, Fast::default()).unwrap()
}

/// Everything that training says.
#[derive(Default, PartialEq, Debug)]
struct Log {
    batches: Vec<(usize, usize, Vec<usize>)>,
    losses: Vec<u64>,
    epochs: Vec<EpochRecord>,
}

impl Progress for Log {
    fn on_batch(&mut self, epoch: usize, step: usize, trials: &[usize]) {
        self.batches.push((epoch, step, trials.to_vec()));
    }
    fn on_step(&mut self, report: &StepReport) -> spikereel_nn::Result<()> {
        self.losses.push(report.loss.to_bits());
        Ok(())
    }
    fn on_epoch(&mut self, record: &EpochRecord) -> spikereel_nn::Result<()> {
        self.epochs.push(*record);
        Ok(())
    }
}

/// Takes a checkpoint after every step, as a thread beside would.
struct AfterEveryStep<'a> {
    snapshots: spikereel_nn::Snapshots,
    taken: &'a mut Vec<Checkpoint>,
    log: &'a mut Log,
}

impl Progress for AfterEveryStep<'_> {
    fn on_batch(&mut self, epoch: usize, step: usize, trials: &[usize]) {
        self.log.on_batch(epoch, step, trials);
    }
    fn on_step(&mut self, report: &StepReport) -> spikereel_nn::Result<()> {
        self.log.on_step(report)?;
        self.taken.push(self.snapshots.checkpoint().unwrap());
        Ok(())
    }
    fn on_epoch(&mut self, record: &EpochRecord) -> spikereel_nn::Result<()> {
        self.log.on_epoch(record)
    }
}

#[test]
fn stopped_at_any_step_of_an_epoch_a_training_goes_on_with_the_same_batches_losses_and_bits() {
    // 56 training trials in batches of one: 56 steps an epoch.
    let fold = small_fold(4, 28, 2, 2);
    let (mut taken, mut whole_log) = (Vec::new(), Log::default());
    let mut whole = trainer(&fold);
    let snapshots = whole.snapshots();
    whole.run(&mut AfterEveryStep { snapshots, taken: &mut taken, log: &mut whole_log }).unwrap();
    let end = whole.checkpoint().to_bytes().unwrap();
    let n_steps = taken.len() / 2;
    assert!(n_steps >= 50, "{n_steps}");
    for (at, checkpoint) in taken.iter().take(n_steps).enumerate() {
        assert_eq!(checkpoint.position.step, at + 1);
        let stored = Checkpoint::from_bytes(&checkpoint.to_bytes().unwrap()).unwrap();
        let mut resumed = Trainer::resume(stored, &fold, Fast::default()).unwrap();
        let mut log = Log::default();
        resumed.run(&mut log).unwrap();
        assert_eq!(resumed.checkpoint().to_bytes().unwrap(), end, "stopped after step {at}");
        assert_eq!(log.batches, whole_log.batches[at + 1..], "stopped after step {at}");
        assert_eq!(log.losses, whole_log.losses[at + 1..], "stopped after step {at}");
        assert_eq!(log.epochs, whole_log.epochs, "stopped after step {at}");
    }
}

#[test]
fn a_thread_beside_saves_whole_states_while_steps_are_computed() {
    let fold = small_fold(4, 28, 2, 2);
    let mut alone = trainer(&fold);
    alone.run(&mut ()).unwrap();
    let mut watched = trainer(&fold);
    let snapshots = watched.snapshots();
    let done = std::sync::atomic::AtomicBool::new(false);
    let seen = std::thread::scope(|scope| {
        let beside = scope.spawn(|| {
            let mut seen = Vec::new();
            while !done.load(std::sync::atomic::Ordering::Relaxed) {
                seen.extend(snapshots.checkpoint());
                std::thread::sleep(std::time::Duration::from_millis(5));
            }
            seen
        });
        watched.run(&mut ()).unwrap();
        done.store(true, std::sync::atomic::Ordering::Relaxed);
        beside.join().unwrap()
    });
    assert_eq!(watched.checkpoint(), alone.checkpoint());
    for checkpoint in seen.into_iter().step_by(4) {
        let n_steps = (checkpoint.history.len() * 56 + checkpoint.position.step) as u64;
        assert_eq!(checkpoint.optimiser.n_steps(), n_steps, "weights, optimiser and position are of one step");
        let mut resumed = Trainer::resume(checkpoint, &fold, Fast::default()).unwrap();
        resumed.run(&mut ()).unwrap();
        assert_eq!(resumed.checkpoint(), alone.checkpoint());
    }
}

#[test]
fn no_truncated_or_altered_checkpoint_is_believed() {
    let fold = small_fold(2, 4, 2, 2);
    let mut trainer = trainer(&fold);
    trainer.run_epoch(&mut ()).unwrap();
    let bytes = trainer.checkpoint().to_bytes().unwrap();
    for at in 0..300 {
        let place = at * (bytes.len() - 1) / 299;
        let mut altered = bytes.clone();
        altered[place] ^= 1 << (at % 8);
        assert!(matches!(Checkpoint::from_bytes(&altered), Err(Error::Damaged { .. })), "byte {place} altered");
        assert!(matches!(Checkpoint::from_bytes(&bytes[..place]), Err(Error::Damaged { .. })), "cut at {place}");
    }
    Checkpoint::from_bytes(&bytes).unwrap();
}

#[test]
fn a_folder_keeps_two_and_finds_the_newest_whole_one() {
    let fold = small_fold(2, 8, 2, 2);
    let temporary = tempfile::tempdir().unwrap();
    let folder = CheckpointFolder::new(temporary.path().join("checkpoints"));
    assert!(folder.newest().unwrap().newest.is_none());
    let (mut taken, mut log) = (Vec::new(), Log::default());
    let mut whole = trainer(&fold);
    let snapshots = whole.snapshots();
    whole.run(&mut AfterEveryStep { snapshots, taken: &mut taken, log: &mut log }).unwrap();
    let paths: Vec<_> = taken.iter().take(5).map(|checkpoint| folder.save(checkpoint).unwrap()).collect();
    let kept: Vec<bool> = paths.iter().map(|path| path.is_file()).collect();
    assert_eq!(kept, [false, false, false, true, true]);
    let (path, newest) = folder.newest().unwrap().newest.unwrap();
    assert_eq!((&path, &newest), (&paths[4], &taken[4]));

    // A process killed inside a save leaves a part behind; a disk may garble the newest.
    let unfinished = folder.path().join("epoch000000-step00000009.ckpt.tmp77");
    fs::write(&unfinished, "half").unwrap();
    let mut bytes = fs::read(&paths[4]).unwrap();
    let middle = bytes.len() / 2;
    bytes[middle] ^= 4;
    fs::write(&paths[4], &bytes).unwrap();
    let found = folder.newest().unwrap();
    assert_eq!(found.newest.unwrap(), (paths[3].clone(), taken[3].clone()));
    let [(aside, why)] = found.refused.as_slice() else { panic!("{:?}", found.refused) };
    assert!(why.contains("checksum") && fs::read(aside).unwrap() == bytes && !unfinished.exists(), "{why}");
    // What was set aside does not count among the two that are kept.
    folder.save(&taken[4]).unwrap();
    assert!(paths[3].is_file() && paths[4].is_file() && aside.is_file());
    folder.keep_newest().unwrap();
    assert!(!paths[3].is_file() && paths[4].is_file() && aside.is_file());
}
