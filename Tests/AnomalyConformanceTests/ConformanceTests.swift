import AnomalyConformance
import Detectors
import Execution
import LinearAlgebra
import Parameters
import TestSupport
import Testing

@Suite("Conformance", .serialized)
struct ConformanceTests {
  @Test(
    "Every detector keeps every promise",
    arguments: Candidate.all, ConformanceCheck.all)
  func promises(candidate: Candidate, check: ConformanceCheck) throws {
    try check(candidate.detector)
  }

  @Test("A hyper-parameter out of range is named", arguments: Candidate.all)
  func hyperparameters(candidate: Candidate) {
    for (name, detector) in candidate.faulty {
      #expect {
        try detector.fit(noise(rows: 50, columns: 10), in: RunContext())
      } throws: {
        guard case .impossible(let option, _, _)? = $0 as? ParameterFault
        else { return false }
        return option.name == name
      }
    }
  }

  @Test("Whoever keeps every promise passes", arguments: ConformanceCheck.all)
  func careful(check: ConformanceCheck) throws {
    try check(Careless())
  }

  @Test("Every check finds who breaks its promise")
  func violations() {
    var blind = ConformanceCheck.all.map(\.description)
    for breach in Careless.Breach.allCases {
      let found = ConformanceCheck.all.filter { check in
        (try? check(Careless(breach: breach))) == nil
      }.map(\.description)
      #expect(!found.isEmpty, "\(breach)")
      blind.removeAll(where: found.contains)
    }
    // `fit` and `scores` keep these for every detector.
    #expect(
      blind == [
        "Empty input is a fault", "The wrong number of features is a fault",
        "A cancelled fit stops", "Cancelled scoring stops",
      ])
  }
}
