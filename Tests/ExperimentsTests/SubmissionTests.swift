import Datasets
import Experiments
import TestSupport
import Testing

@Suite struct SubmissionTests {
  private let submission = Submission(
    ids: ["10", "0", "2", "1"], scores: [0.5, 1, -2, 0.25])

  @Test("The file is exact to the byte, in numeric order of the ids")
  func bytes() {
    #expect(
      submission.text(format: .idPrediction)
        == "id,prediction\n0,1.0\n1,0.25\n2,-2.0\n10,0.5\n")
    #expect(
      submission.text(format: .idScore)
        == "ID,score\n0,1.0\n1,0.25\n2,-2.0\n10,0.5\n")
    #expect(
      submission.text(format: .idPredicted)
        == "Id,Predicted\n0,1.0\n1,0.25\n2,-2.0\n10,0.5\n")
  }

  @Test("A binary file says 1 strictly above the threshold")
  func binary() {
    let binary = Submission(
      ids: ["10", "0", "2", "1"], scores: [0.5, 1, -2, 0.25], threshold: 0.5)
    #expect(
      binary.text(format: .idPrediction)
        == "id,prediction\n0,1\n1,0\n2,0\n10,0\n")
  }

  @Test("Ids with commas, quotes and line ends come back through `evaluate`")
  func strangeIDs() throws {
    let folder = try TemporaryFolder()
    let ids = ["10", " d ", "a,1.png", "b\",\u{301}2", "c\r\n3"]
    let scores = folder.file("scores.csv")
    let labels = folder.file("labels.csv")
    try Submission(ids: ids, scores: [0, 1, 2, 3, 4])
      .write(to: scores, format: .idPrediction)
    try Submission(ids: ids, scores: [0, 1, 2, 3, 4], threshold: 1)
      .write(to: labels, format: .idPrediction)
    let table = try ScoreTable(scores: scores, labels: labels)
    #expect(try ScoreFile(scores).ids == ids)
    #expect(table.scores == [0, 1, 2, 3, 4])
    #expect(table.labels == [0, 0, 1, 1, 1])
  }

  @Test("Scores are written with every digit that they have")
  func digits() {
    let scores: [Float] = [0.1, 1.0e-20, 12345.678, .pi]
    let text = Submission(ids: ["0", "1", "2", "3"], scores: scores)
      .text(format: .idScore)
    let read = text.split(separator: "\n").dropFirst().compactMap {
      Float($0.split(separator: ",")[1])
    }
    #expect(read == scores)
  }
}
