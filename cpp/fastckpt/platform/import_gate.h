// ImportGate: keeps a fork from cutting through an import that was put off.
//
// An interpreter locks a module while it is imported. A child that was forked
// beside the importing thread waits for that lock for ever. So a fork waits
// until no other thread is inside.
//
// What cannot deadlock, and why: those inside never wait for each other, so
// the gate orders no two of them, whatever module locks they hold or want. A
// fork that still waits keeps nobody out, so nobody waits for one that waits.
// Once it has begun it holds newcomers back for the fork alone; they wait
// without any lock of ours. What is left are the other hooks of a fork that
// lock something (logging does): one that ran before may hold what an import
// wants, one that runs after may want what a newcomer holds. Both waits
// therefore have an end (kPatience in the binding), after which things are as
// they would be without the gate.
//
// Thread-safety: any thread; nothing here blocks.
// Source: os.register_at_fork(); Lib/importlib/_bootstrap.py, _ModuleLock.
#pragma once

namespace fastckpt::internal {

class ImportGate {
 public:
  // False while a fork by another thread is under way. A thread may enter
  // again while it is inside.
  static bool TryEnter();
  // Enters whatever is under way.
  static void Enter();
  static void Leave();
  // Whether this thread is inside.
  static bool IsInside();

  // False while other threads are inside, or fork.
  static bool TryBeginFork();
  // After the fork, on its thread; also if TryBeginFork never succeeded.
  static void EndForkInParent();
  static void EndForkInChild();
};

}  // namespace fastckpt::internal
