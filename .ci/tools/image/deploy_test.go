package main

import (
	"bytes"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/compose-spec/compose-go/v2/loader"
	compose "github.com/compose-spec/compose-go/v2/types"
	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	networkingv1 "k8s.io/api/networking/v1"
	policyv1 "k8s.io/api/policy/v1"
	"sigs.k8s.io/yaml"
)

const deploy = "../../../docs/deploy/"

// TestComposeFiles reads them as Docker Compose does, against the schema of the specification, and demands what the image promises
// to get along with.
func TestComposeFiles(t *testing.T) {
	for file, count := range map[string]int{"compose.yaml": 1, "compose.replicas.yaml": 2} {
		content, err := os.ReadFile(deploy + file)
		if err != nil {
			t.Fatal(err)
		}
		project, err := loader.LoadWithContext(t.Context(), compose.ConfigDetails{
			WorkingDir: deploy, ConfigFiles: []compose.ConfigFile{{Filename: file, Content: content}}, Environment: compose.Mapping{},
		})
		if err != nil {
			t.Errorf("%s: %v", file, err)
			continue
		}
		found := 0
		for name, service := range project.Services {
			if !strings.HasPrefix(service.Image, "onboard:") {
				continue
			}
			found++
			if !service.ReadOnly || !slices.Equal(service.CapDrop, []string{"ALL"}) || !slices.Contains(service.SecurityOpt, "no-new-privileges:true") || service.StopGracePeriod == nil {
				t.Errorf("%s: %s may do more than it needs, or is not left the time to end", file, name)
			}
			mounted := len(service.Volumes) == 1 && service.Volumes[0].Target == "/data"
			if url := service.Environment["ONBOARD_DATABASE_URL"]; mounted == (url != nil && *url == "") {
				t.Errorf("%s: %s has neither a volume nor another database, or both", file, name)
			}
			checkSecretFiles(t, file, service)
		}
		if found != count {
			t.Errorf("%s has %d services of ours, want %d", file, found, count)
		}
	}
}

// checkSecretFiles demands that every file that a variable names is a secret of the service.
func checkSecretFiles(t *testing.T, file string, service compose.ServiceConfig) {
	t.Helper()
	for variable, value := range service.Environment {
		if !strings.HasSuffix(variable, "_FILE") || value == nil {
			continue
		}
		if !slices.ContainsFunc(service.Secrets, func(s compose.ServiceSecretConfig) bool { return "/run/secrets/"+s.Source == *value }) {
			t.Errorf("%s: %s names %s, which no secret is mounted at", file, variable, *value)
		}
	}
}

// manifests are all documents of the Kubernetes files, read strictly: an unknown or a doubled field is an error.
func manifests(t *testing.T) map[string]any {
	t.Helper()
	files, err := filepath.Glob(deploy + "kubernetes/*.yaml")
	if err != nil || len(files) < 6 {
		t.Fatalf("%d files: %v", len(files), err)
	}
	found := map[string]any{}
	for _, file := range files {
		content, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		for document := range bytes.SplitSeq(content, []byte("\n---\n")) {
			var kind struct{ APIVersion, Kind string }
			if err := yaml.Unmarshal(document, &kind); err != nil {
				t.Fatalf("%s: %v", file, err)
			}
			into, known := map[string]any{
				"apps/v1 Deployment": &appsv1.Deployment{}, "v1 Service": &corev1.Service{}, "v1 ServiceAccount": &corev1.ServiceAccount{}, "v1 Secret": &corev1.Secret{},
				"networking.k8s.io/v1 Ingress": &networkingv1.Ingress{}, "networking.k8s.io/v1 NetworkPolicy": &networkingv1.NetworkPolicy{},
				"policy/v1 PodDisruptionBudget": &policyv1.PodDisruptionBudget{},
			}[kind.APIVersion+" "+kind.Kind]
			if !known {
				t.Errorf("%s: %s %s is not known here", file, kind.APIVersion, kind.Kind)
				continue
			}
			if err := yaml.UnmarshalStrict(document, into); err != nil {
				t.Errorf("%s: %s: %v", file, kind.Kind, err)
			}
			found[kind.Kind] = into
		}
	}
	return found
}

// TestKubernetesManifests demands that they are well-formed, fit together, and ask for no more than the image needs.
func TestKubernetesManifests(t *testing.T) {
	found := manifests(t)
	deployment, ok := found["Deployment"].(*appsv1.Deployment)
	if !ok || len(found) != 7 || t.Failed() {
		t.Fatalf("found %d kinds", len(found))
	}
	pod := deployment.Spec.Template
	labels := pod.Labels["app.kubernetes.io/name"]
	for name, selector := range map[string]map[string]string{
		"Deployment": deployment.Spec.Selector.MatchLabels, "Service": found["Service"].(*corev1.Service).Spec.Selector,
		"PodDisruptionBudget": found["PodDisruptionBudget"].(*policyv1.PodDisruptionBudget).Spec.Selector.MatchLabels,
		"NetworkPolicy":       found["NetworkPolicy"].(*networkingv1.NetworkPolicy).Spec.PodSelector.MatchLabels,
	} {
		if len(selector) != 1 || selector["app.kubernetes.io/name"] != labels {
			t.Errorf("the selector of the %s is %v", name, selector)
		}
	}
	container := pod.Spec.Containers[0]
	if c := container.SecurityContext; !*c.ReadOnlyRootFilesystem || *c.AllowPrivilegeEscalation || c.Capabilities.Drop[0] != "ALL" {
		t.Error("the container may do more than it needs")
	}
	if p := pod.Spec.SecurityContext; !*p.RunAsNonRoot || *p.RunAsUser != 65532 || p.SeccompProfile.Type != corev1.SeccompProfileTypeRuntimeDefault {
		t.Error("the pod may do more than it needs")
	}
	if container.ReadinessProbe.HTTPGet.Path != "/readyz" || container.LivenessProbe.HTTPGet.Path != "/healthz" || container.StartupProbe == nil {
		t.Error("the probes ask for something else: a replica that waits for its database must not be started anew")
	}
	secret := found["Secret"].(*corev1.Secret)
	at := container.VolumeMounts[0].MountPath + "/"
	for _, variable := range container.Env {
		file, isFile := strings.CutPrefix(variable.Value, at)
		if _, held := secret.StringData[file]; isFile != strings.HasSuffix(variable.Name, "_FILE") || isFile && !held {
			t.Errorf("%s is %s: no such file is mounted", variable.Name, variable.Value)
		}
	}
	if backend := found["Ingress"].(*networkingv1.Ingress).Spec.Rules[0].HTTP.Paths[0].Backend.Service; backend.Name != found["Service"].(*corev1.Service).Name {
		t.Errorf("the ingress leads to %s", backend.Name)
	}
}
