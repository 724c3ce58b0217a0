package onboarding

// Await returns when the work under way on the setup in this process has ended, its checks included.
func (s *Service) Await(id string) { s.work.Await(id) }

// Matched is the identity join among given subjects.
var Matched = matched
