import AnomalyKit
import ArgumentParser
import Dispatch
import Foundation

/// Arguments about how to run, not what to find.
struct RunArguments: ParsableArguments {
  @Option(
    help: ArgumentHelp(
      "Determines every random choice.",
      valueName: "whole-number"))
  var seed: UInt64 = 0

  @OptionGroup var resources: ResourceArguments
}

/// Arguments about the machine.
struct ResourceArguments: ParsableArguments {
  @Option(
    help: ArgumentHelp(
      "The most threads to use; changes no result.", valueName: "count"))
  var threads: Int?

  @Option(
    help: "The most memory a fit may take, such as 4G or 500M.",
    transform: memorySize)
  var memoryBudget: Int?

  private static let mostThreads = 4096

  func validate() throws {
    if let threads, !(1...Self.mostThreads ~= threads) {
      throw ValidationError(
        "--threads \(threads): use 1 to \(Self.mostThreads)")
    }
  }
}

/// Bytes from a number with an optional K, M or G.
private func memorySize(_ text: String) throws -> Int {
  let units: [Character: Double] = [
    "K": 0x1p10, "M": 0x1p20, "G": 0x1p30, "T": 0x1p40,
  ]
  let unit = text.uppercased().last.flatMap { units[$0] }
  let number = Double(unit == nil ? text : String(text.dropLast()))
  guard let number, case let bytes = number * (unit ?? 1),
    bytes >= 1, bytes <= 0x1p50
  else {
    throw ValidationError("\(text) is no amount of memory: use 4G or 500M")
  }
  return Int(bytes)
}

extension Provenance {
  /// The words and the version of the command that is running.
  static var thisCommand: Provenance {
    Provenance(
      arguments: ["anomaly"] + CommandLine.arguments.dropFirst(),
      version: anomalyKitVersion)
  }
}

/// One run of the command: its progress bar and its way to be stopped.
struct Session {
  let progress = TerminalProgress()
  let context: RunContext
  private let interrupts: [any DispatchSourceSignal]

  /// Ctrl-C and `kill` ask the work to stop; a second one ends the process.
  init(_ arguments: RunArguments) {
    self.init(arguments.resources, seed: arguments.seed)
  }

  init(_ resources: ResourceArguments, seed: UInt64 = 0) {
    let cancellation = Cancellation()
    var context = RunContext(
      seed: seed, progress: progress, cancellation: cancellation)
    context.team = AnomalyCommandLine.team
    if let threads = resources.threads { context.threadCount = threads }
    if let budget = resources.memoryBudget { context.memoryBudget = budget }
    self.context = context
    interrupts = Self.interrupts(of: cancellation)
  }

  /// Terminals and queues that end stop the work like Ctrl-C, unless the command
  /// was started by `nohup`.
  private static func interrupts(
    of cancellation: Cancellation
  ) -> [any DispatchSourceSignal] {
    // A queue of its own has a thread when all others are at work.
    let queue = DispatchQueue(label: "interrupts")
    return [SIGINT, SIGTERM, SIGHUP, SIGXCPU].compactMap { number in
      var action = sigaction()
      sigaction(number, nil, &action)
      if number == SIGHUP, action.isIgnoring { return nil }
      signal(number, SIG_IGN)
      let source = DispatchSource.makeSignalSource(signal: number, queue: queue)
      source.setEventHandler {
        if cancellation.isRequested { endAtOnce() }
        cancellation.cancel()
        queue.asyncAfter(deadline: .now() + patience) {
          complain("nothing was written", as: "stopped")
          endAtOnce()
        }
      }
      source.activate()
      return source
    }
  }

  /// Seconds in which work that was asked to stop does so; the rest is waiting
  /// for a pipe or a disk.
  private static let patience = 5.0

  private static func endAtOnce() -> Never {
    Partial.removeAll()
    _exit(130)
  }

  /// Does the work, takes the progress bar away and tells what notes are left.
  func run<Result>(_ work: () throws -> Result) rethrows -> Result {
    defer { progress.clear() }
    let result = try work()
    progress.tellNotes()
    return result
  }
}

extension sigaction {
  fileprivate var isIgnoring: Bool {
    unsafeBitCast(handler, to: Int.self)
      == unsafeBitCast(SIG_IGN, to: Int.self)
  }
}
