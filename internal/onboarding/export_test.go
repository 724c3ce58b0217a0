package onboarding

// Await returns when the work under way on the setup in this process has ended.
func (s *Service) Await(id string) {
	s.mu.Lock()
	done := s.running[id]
	s.mu.Unlock()
	if done != nil {
		<-done
	}
}
