package onboarding

import "strings"

// Await returns when the work under way on the setup in this process has ended, its checks included.
func (s *Service) Await(id string) {
	for {
		var done chan struct{}
		s.mu.Lock()
		for key, running := range s.running {
			if key == id || strings.HasPrefix(key, id+"/") {
				done = running
			}
		}
		s.mu.Unlock()
		if done == nil {
			return
		}
		<-done
	}
}

// Matched is the identity join among given subjects.
var Matched = matched
