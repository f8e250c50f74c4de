import ArgumentParser

@main
struct Anomaly: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "anomaly",
    abstract: "Find the images, or rows of numbers, that do not belong.")
}
