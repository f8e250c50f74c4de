import Foundation
import TestSupport
import Testing

/// Runs a line of shell, in which `anomaly` and `$anomaly` are the built
/// command.
private func shell(_ line: String, in folder: TemporaryFolder) throws
  -> CommandRun
{
  try CommandRun(
    of: URL(fileURLWithPath: "/bin/bash"),
    [
      "-c",
      "anomaly='\(CommandRun.anomaly.path)'; anomaly() { \"$anomaly\" \"$@\"; };"
        + line,
    ],
    in: folder.url)
}

@Suite("Output that cannot be written")
struct HostileOutputTests {
  private let folder: TemporaryFolder

  init() throws {
    folder = try TemporaryFolder()
    try folder.write(
      "y,a\n0,1\n0,2\n0,3\n0,4\n1,9\n0,2\n0,3\n0,4\n", to: "t.csv")
    try folder.write("id,score\n1,2\n2,3\n", to: "s.csv")
    try folder.write("id,label\n1,0\n2,1\n", to: "l.csv")
  }

  @Test(
    "What standard output loses is told, with status 74",
    .enabled(if: FileManager.default.fileExists(atPath: "/dev/full")),
    arguments: [
      "compare t.csv --detectors pca", "evaluate s.csv --labels l.csv --json",
      "dataset info t.csv", "detectors", "--help", "compare --help",
      "--version", "--generate-completion-script bash",
    ],
    [">/dev/full", ">&-", "0<&- >&- 2>errors; rc=$?; cat errors >&2; exit $rc"])
  func lost(command: String, target: String) throws {
    let run = try shell("anomaly \(command) \(target)", in: folder)
    run.expectRefusal(status: 74, mentioning: "standard output")
  }

  @Test(
    "A closed pipe ends the command without a word, as the shell expects",
    arguments: ["", "trap '' PIPE; "])
  func closedPipe(trap: String) throws {
    let run = try shell(
      "\(trap){ sleep 0.3; anomaly detectors; echo $? >status; } | :;"
        + " sleep 1; cat status", in: folder)
    #expect(run.output == "141\n")
    #expect(run.errors.isEmpty, "\(run.errors)")
  }

  @Test(
    "Standard error that is closed, full or a closed pipe changes no status",
    .enabled(if: FileManager.default.fileExists(atPath: "/dev/full")),
    arguments: ["2>&-", "2>/dev/full", "2> >(:)"])
  func lostErrors(target: String) throws {
    let missing = try shell("anomaly compare missing \(target)", in: folder)
    #expect(missing.status == 74)
    let warned = try shell(
      "anomaly compare t.csv --detectors kmeans --n-clusters 20 \(target)",
      in: folder)
    #expect(warned.status == 0)
    #expect(warned.output.contains("kmeans"))
  }

  @Test("A limit of the size of files is told and leaves nothing")
  func fileSizeLimit() throws {
    let run = try shell(
      "ulimit -f 1; anomaly dataset synthesize --layout npy --train 2"
        + " --good 1 --defective 1 --output o", in: folder)
    run.expectRefusal(status: 74, mentioning: "file too large")
    #expect(try folder.contents == ["l.csv", "s.csv", "t.csv"])
  }

  @Test(
    "A signal leaves no part of what was to be written",
    arguments: [SIGHUP, SIGINT, SIGTERM, SIGXCPU])
  func signals(number: Int32) throws {
    let before = try folder.contents
    let status = try CommandRun.stopped(
      [
        "dataset", "synthesize", "--train", "3000", "--output",
        folder.path("made"),
      ], by: number
    ) { (try? folder.contents.count) ?? 0 > before.count }
    #expect(status == 130)
    #expect(try folder.contents == before)
  }

  @Test("Under nohup the end of the terminal does not end the work")
  func nohup() throws {
    let run = try shell(
      "trap '' HUP; $anomaly dataset synthesize --train 100 --output made & sleep"
        + " 0.3; kill -HUP $!; wait $!", in: folder)
    #expect(run.status == 0, "\(run.errors)")
  }

  @Test("Two signals end the command at once, without a part")
  func twoSignals() throws {
    // It waits for a reader of the pipe, and sees no request to stop.
    let run = try shell(
      "mkfifo pipe; $anomaly submit t.csv --detector pca --output pipe & sleep 1;"
        + " kill -INT $!; sleep 0.2; kill -INT $!; wait $!", in: folder)
    #expect(run.status == 130, "\(run.errors)")
    #expect(try folder.contents == ["l.csv", "pipe", "s.csv", "t.csv"])
  }

  @Test("What a killed run left is cleared by the next into the same place")
  func killed() throws {
    let before = try folder.contents
    func isWriting() -> Bool {
      (try? folder.contents.contains { $0.hasSuffix(".partial") }) ?? false
    }
    #expect(
      try CommandRun.stopped(
        [
          "dataset", "synthesize", "--train", "3000", "--output",
          folder.path("made"),
        ], by: SIGKILL, once: isWriting) == SIGKILL)
    #expect(isWriting())
    let run = try shell(
      "anomaly submit t.csv --detector pca --output o.csv", in: folder)
    #expect(run.status == 0, "\(run.errors)")
    #expect(try folder.contents == (before + ["o.csv"]).sorted())
  }
}
