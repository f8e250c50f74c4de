import Foundation
import TestSupport
import Testing

@Suite struct TrainingTests {
  private let training = [
    "fit", inspection, "--category", "weave", "--size", "32", "--detector",
    "cnn",
  ]

  private let epochs = ["--epochs", "120"]

  @Test(
    "A stopped training goes on to the model of an unbroken one, bit for bit",
    arguments: [SIGINT, SIGTERM, SIGKILL])
  func resume(signal: Int32) throws {
    let folder = try TemporaryFolder()
    let checkpoint = folder.path("broken.safetensors.checkpoint")
    let stopped = try CommandRun.stopped(
      training + epochs + ["--model", folder.path("broken.safetensors")],
      by: signal
    ) { FileManager.default.fileExists(atPath: checkpoint) }
    #expect(stopped == (signal == SIGKILL ? SIGKILL : 130))
    #expect(
      try folder.contents.filter { !$0.hasSuffix(".partial") }
        == ["broken.safetensors.checkpoint"])

    for (name, options) in [("broken", ["--resume"]), ("unbroken", [])] {
      let run = try CommandRun(
        training + epochs + options
          + ["--model", folder.path(name + ".safetensors")])
      #expect(run.status == 0, "\(run.errors)")
    }
    #expect(
      FileManager.default.contentsEqual(
        atPath: folder.path("broken.safetensors"),
        andPath: folder.path("unbroken.safetensors")))
    #expect(!FileManager.default.fileExists(atPath: checkpoint))
  }

  @Test("What is stopped while it is scored keeps the training, and says so")
  func stoppedScoring() throws {
    let folder = try TemporaryFolder()
    let faces = folder.path("faces")
    let made = try CommandRun(
      "dataset", "synthesize", "--layout", "npy", "--train", "600", "--good",
      "2000", "--defective", "2000", "--output", faces)
    #expect(made.status == 0, "\(made.errors)")
    let output = folder.path("scores.csv")
    let words = [
      "submit", faces, "--detector", "multi-encoder", "--epochs", "1",
      "--threads", "1", "--output", output,
    ]
    // It is written after the last epoch, when the training is over.
    let stopped = try CommandRun(
      words, interruptedOnce: folder.file("scores.csv.checkpoint"))
    try #require(stopped.status == 130, "\(stopped.errors)")
    #expect(stopped.errors.contains("scores.csv.checkpoint"))
    #expect(stopped.errors.contains("--resume"))
    #expect(try folder.contents == ["faces", "scores.csv.checkpoint"])

    let resumed = try CommandRun(words + ["--resume"])
    #expect(resumed.status == 0, "\(resumed.errors)")
    #expect(try folder.contents == ["faces", "scores.csv"])
    let whole = folder.path("whole.csv")
    _ = try CommandRun(words.dropLast() + [whole])
    #expect(
      FileManager.default.contentsEqual(atPath: output, andPath: whole))
  }

  @Test("There is nothing to go on from without a checkpoint")
  func nothingToResume() throws {
    let folder = try TemporaryFolder()
    try CommandRun(training + ["--resume", "--model", folder.path("model")])
      .expectRefusal(status: 64, mentioning: "nothing to go on from")
    try CommandRun(
      "fit", inspection, "--category", "weave", "--detector", "pca",
      "--resume", "--model", folder.path("model")
    ).expectRefusal(status: 64, mentioning: "pca has no --resume")
  }

  @Test("A checkpoint of another run is refused")
  func foreignCheckpoint() throws {
    let folder = try TemporaryFolder()
    let checkpoint = folder.path("checkpoint")
    let first = try CommandRun(
      training + ["--epochs", "1", "--checkpoint", checkpoint, "--model"]
        + [folder.path("a")])
    #expect(first.status == 0, "\(first.errors)")
    let other = training.map { $0 == "cnn" ? "fcn" : $0 }
    try CommandRun(
      other + ["--epochs", "1", "--checkpoint", checkpoint, "--model"]
        + [folder.path("b"), "--resume"]
    ).expectRefusal(status: 65, mentioning: "cnn")
  }

  @Test("A loss that runs away is told at once, and the checkpoint is kept")
  func divergence() throws {
    let folder = try TemporaryFolder()
    try CommandRun(
      training + ["--learning-rate", "1e9", "--model", folder.path("model")]
    ).expectRefusal(status: 64, mentioning: "diverged", "learning rate")
    #expect(try folder.contents == ["model.checkpoint"])
  }

  @Test(
    "Impossible training options are refused",
    arguments: [
      ["--epochs", "0"], ["--batch-size", "0"], ["--beta", "3"],
      ["--learning-rate", "-1"], ["--widths", "a,b"], ["--score", "evidence"],
    ])
  func wrongOptions(options: [String]) throws {
    let folder = try TemporaryFolder()
    try CommandRun(training + options + ["--model", folder.path("model")])
      .expectRefusal(status: 64)
    #expect(try folder.contents.isEmpty)
  }
}
