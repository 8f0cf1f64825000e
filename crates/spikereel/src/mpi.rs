//! Several processes that MPI started (`srun --mpi=pmix`, `mpirun`) as one group. Only builds with the feature `mpi` have it.

use crate::Result;
use crate::steps::together::Leader;

/// Leads on rank 0, follows on the others; `None` there.
///
/// # Errors
/// A build without MPI; what `lead` says.
#[cfg(not(feature = "mpi"))]
pub fn together<T>(_lead: impl FnOnce(&Leader) -> Result<T>) -> Result<Option<T>> {
    Err(crate::ConfigError::new("--mpi", "a build with MPI", "one without")
        .hint("install with `--features mpi` where there are mpicc and libclang; or leave --mpi out")
        .into())
}

#[cfg(feature = "mpi")]
pub use group::together;

#[cfg(feature = "mpi")]
mod group {
    use super::{Leader, Result};
    use crate::Error;
    use crate::steps::together::follow;
    use mpi::topology::SimpleCommunicator;
    use mpi::traits::{Communicator, CommunicatorCollectives, Root};
    use spikereel_data::DataError;
    use spikereel_nn::{Exchange, Ranks};
    use std::sync::mpsc::{Receiver, Sender, channel};
    use std::thread::{JoinHandle, spawn};

    /// Leads on rank 0, follows on the others; `None` there.
    ///
    /// # Errors
    /// MPI cannot be had; what `lead` says.
    pub fn together<T>(lead: impl FnOnce(&Leader) -> Result<T>) -> Result<Option<T>> {
        let (ranks, group) = Group::start()?;
        if ranks.rank() > 0 {
            let followed = follow(&ranks);
            take_leave(group, ranks, followed.is_ok());
            return followed.map(|()| None);
        }
        let leader = Leader::new(ranks.clone());
        let led = lead(&leader);
        let is_over = leader.dismiss();
        take_leave(group, ranks, matches!(is_over, Ok(true)));
        led.and_then(|led| is_over.map(|_| Some(led)))
    }

    /// Ends MPI where all processes do so. Elsewhere its thread is left as it is: taking leave would wait for processes that wait for this one,
    /// and the launcher ends them when this process has gone.
    fn take_leave(group: Group, ranks: Ranks, together: bool) {
        if together {
            group.end();
        } else {
            std::mem::forget((group, ranks));
        }
    }

    /// What the thread that speaks to MPI is asked.
    enum Call {
        AllToAll(Vec<u8>),
        AllGather(Vec<u8>),
        Broadcast(Vec<u8>),
        End,
    }

    /// The thread; MPI wants to be spoken to by the one that woke it, and steps run on any thread of a pool.
    struct Group {
        calls: Sender<Call>,
        thread: JoinHandle<()>,
    }

    struct ByThread {
        rank: usize,
        n_ranks: usize,
        calls: Sender<Call>,
        replies: Receiver<Vec<u8>>,
    }

    fn gone(doing: &str) -> DataError {
        DataError::new("MPI", doing, "an end").hint("the messages of MPI and of the other processes say why")
    }

    impl Group {
        fn start() -> Result<(Ranks, Self)> {
            let ((calls, called), (reply, replies)) = (channel(), channel());
            let (tell, told) = channel();
            let thread = spawn(move || {
                // One thread of this process speaks to MPI: this one.
                let Some((universe, _)) = mpi::initialize_with_threading(mpi::Threading::Funneled) else { return };
                let world = universe.world();
                if tell.send((world.rank(), world.size())).is_ok() {
                    serve(&world, &called, &reply);
                }
            });
            let (rank, n_ranks) = told.recv().map_err(|_| gone("a group of processes"))?;
            let count = |n: i32| usize::try_from(n).map_err(|_| Error::Bug(format!("MPI counts {n} processes")));
            let exchange = ByThread { rank: count(rank)?, n_ranks: count(n_ranks)?, calls: calls.clone(), replies };
            Ok((Ranks::new(exchange), Self { calls, thread }))
        }

        /// Takes leave of MPI, which waits for all to do so.
        fn end(self) {
            if self.calls.send(Call::End).is_ok() {
                let _ = self.thread.join();
            }
        }
    }

    fn serve(world: &SimpleCommunicator, called: &Receiver<Call>, reply: &Sender<Vec<u8>>) {
        let n_ranks = usize::try_from(world.size()).unwrap_or(1);
        for call in called {
            let answer = match call {
                Call::AllToAll(parts) => {
                    let mut came = vec![0_u8; parts.len()];
                    world.all_to_all_into(&parts[..], &mut came[..]);
                    came
                }
                Call::AllGather(own) => {
                    let mut came = vec![0_u8; own.len() * n_ranks];
                    world.all_gather_into(&own[..], &mut came[..]);
                    came
                }
                Call::Broadcast(mut bytes) => {
                    let root = world.process_at_rank(0);
                    let mut len = bytes.len() as u64;
                    root.broadcast_into(&mut len);
                    bytes.resize(usize::try_from(len).unwrap_or(0), 0);
                    // An empty slice has no address that MPI takes.
                    // MPI counts to 2^31.
                    bytes.chunks_mut(1 << 30).for_each(|part| root.broadcast_into(part));
                    bytes
                }
                Call::End => return,
            };
            if reply.send(answer).is_err() {
                return;
            }
        }
    }

    impl ByThread {
        fn ask(&self, call: Call, doing: &str) -> spikereel_nn::Result<Vec<u8>> {
            self.calls.send(call).map_err(|_| gone(doing))?;
            Ok(self.replies.recv().map_err(|_| gone(doing))?)
        }
    }

    impl Exchange for ByThread {
        fn rank(&self) -> usize {
            self.rank
        }
        fn n_ranks(&self) -> usize {
            self.n_ranks
        }
        fn all_to_all(&mut self, parts: Vec<u8>) -> spikereel_nn::Result<Vec<u8>> {
            self.ask(Call::AllToAll(parts), "parts of gradients")
        }
        fn all_gather(&mut self, own: Vec<u8>) -> spikereel_nn::Result<Vec<u8>> {
            self.ask(Call::AllGather(own), "the bytes of every process")
        }
        fn broadcast(&mut self, own: Vec<u8>) -> spikereel_nn::Result<Vec<u8>> {
            self.ask(Call::Broadcast(own), "the leader's bytes")
        }
    }
}
