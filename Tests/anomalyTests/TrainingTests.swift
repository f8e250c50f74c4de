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
      ["--epochs", "0"], ["--batch-size", "1000"], ["--batch-size", "0"],
      ["--learning-rate", "-1"], ["--widths", "a,b"], ["--score", "evidence"],
    ])
  func wrongOptions(options: [String]) throws {
    let folder = try TemporaryFolder()
    try CommandRun(training + options + ["--model", folder.path("model")])
      .expectRefusal(status: 64)
    #expect(try folder.contents.isEmpty)
  }
}
